/** What can go wrong with a call: the callee's answer (a stable code), or the transport. */

/** The codes of node.capnp by name; docs/errors.md has a sentence for each. */
export const ErrorCode = {
  unauthenticated: 1,
  sessionExpired: 2,
  forbidden: 3,
  authVersion: 4,
  rateLimited: 5,
  registrationClosed: 6,
  usernameInvalidOrTaken: 7,
  loginFailed: 8,
  wireVersion: 10,
  payloadTooLarge: 11,
  unknownRecipient: 12,
  queueFull: 13,
  malformed: 14,
  epochConflict: 15,
  notAMember: 16,
  staleEpoch: 17,
  cursorAhead: 18,
  malformedKeyPackage: 20,
  ciphersuiteNotAllowed: 21,
  keyPackageLifetime: 22,
  keyDoesNotMatchDevice: 23,
  noKeyPackageLeft: 24,
  hybridKeyInvalid: 25,
  invitedOnly: 26,
  linkOver: 27,
  blobTooLarge: 30,
  blobNotFound: 31,
  quotaExceeded: 32,
  draining: 40,
  openElsewhere: 41,
  internal: 50,
} as const;

export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

/** @returns "E014" for 14 */
export function codeName(code: number): string {
  return `E${String(code).padStart(3, "0")}`;
}

/** An answer of the callee: `error` of a Return. A handler throws it to answer with it. */
export class WireError extends Error {
  override readonly name = "WireError";

  /**
   * @param code one of {@link ErrorCode}
   * @param reason a sentence for logs, without secrets
   * @param retryAfterMs 0: no advice
   */
  constructor(readonly code: number, readonly reason: string, readonly retryAfterMs: number = 0) {
    super(`${codeName(code)} ${reason}`);
  }
}

/**
 * The call did not get its answer: no connection, a reset, a stream that ended too early, a timeout. Whether
 * the callee acted is unknown, unless `unsent`.
 */
export class TransportError extends Error {
  override readonly name = "TransportError";
  /** No byte of the call left: there was no stream for it. */
  readonly unsent: boolean;

  constructor(message: string, options: ErrorOptions & { unsent?: boolean } = {}) {
    super(message, options);
    this.unsent = options.unsent ?? false;
  }
}

/** @returns whether an error is a WireError, with one of the codes if any are given */
export function isWireError(error: unknown, ...codes: ErrorCode[]): error is WireError {
  return error instanceof WireError && (codes.length === 0 || codes.includes(error.code as ErrorCode));
}
