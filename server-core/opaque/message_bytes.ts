/**
 * The lengths of the suite's messages (suite.ts). Handlers need them always; the library is loaded at the
 * first sign-in.
 */

/**
 * The exact lengths of the wire's messages in bytes (P-256 compressed points 33, nonces, MACs and hashes 32).
 */
export const messageBytes = {
  registrationRequest: 33,
  registrationResponse: 66,
  registrationRecord: 129,
  ke1: 98,
  ke2: 259,
  ke3: 32,
} as const;
