/**
 * Replaces Node's `crypto` module in the build. Two libraries import it as a fallback, but browsers have
 * WebCrypto, which they prefer. Without this file the build prints a warning for each import.
 */
export const webcrypto = undefined;
