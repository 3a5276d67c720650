/** Makes, hashes and compares access tokens. */

import { createHash } from "node:crypto";
import { type Bytes, equalBytes } from "../../schema/bytes.ts";

/** The least length of the operator's static token, in characters. */
const minStaticTokenLength = 32;

/** @returns 32 random bytes */
export function newAccessToken(): Bytes {
  return crypto.getRandomValues(new Uint8Array(32));
}

/** Synchronous, because every call of a session needs it. @returns 32 bytes */
export function sha256Of(bytes: Uint8Array | string): Bytes {
  return new Uint8Array(createHash("sha256").update(bytes).digest());
}

/**
 * @param authToken `QPQ_AUTH_TOKEN`, at least 32 characters, or undefined for none
 * @returns whether a call's token is the operator's, compared in constant time
 * @throws RangeError for a shorter token
 */
export function staticTokenCheck(authToken: string | undefined): (accessToken: Uint8Array) => boolean {
  if (authToken === undefined) return () => false;
  if (authToken.length < minStaticTokenLength) {
    throw new RangeError(`QPQ_AUTH_TOKEN: at least ${minStaticTokenLength} characters`);
  }
  const expected = sha256Of(authToken);
  return (accessToken) => equalBytes(sha256Of(accessToken), expected);
}
