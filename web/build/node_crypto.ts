/**
 * Stands where two libraries name Node's `crypto` as what they try last: a browser has WebCrypto, which they
 * find first. Without this the build warns of each.
 */
export const webcrypto = undefined;
