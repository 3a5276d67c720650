/**
 * How long the suite's messages are (suite.ts). A file of its own: handlers need it, and the library only
 * once somebody signs in.
 */

/** Exact lengths in bytes of what crosses the wire (P-256 compressed points 33, nonces, MACs and hashes 32). */
export const messageBytes = {
  registrationRequest: 33,
  registrationResponse: 66,
  registrationRecord: 129,
  ke1: 98,
  ke2: 259,
  ke3: 32,
} as const;
