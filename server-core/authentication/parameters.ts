/** Checks of call parameters that several methods share. Each throws WireError. */

import type { Bytes } from "../../schema/bytes.ts";
import { ErrorCode, WireError } from "../../schema/rpc/errors.ts";
import type { Vault } from "../../schema/rpc/methods.ts";
import { opaqueSuite } from "../../schema/signed_call.ts";
import { isUsername } from "../../schema/username.ts";
import type { Caller } from "../caller.ts";
import type { StoredVault } from "../storage/account_store.ts";

/** authentication.capnp, Vault. */
const maxSealedBytes = 128 * 1024;
const maxWrapBytes = 256;

/** @throws WireError E014 for another OPAQUE suite, which would otherwise look like a wrong password */
export function checkSuite(suite: string): void {
  if (suite !== opaqueSuite) throw new WireError(ErrorCode.malformed, `only the OPAQUE suite ${opaqueSuite} is served`);
}

/** Refuses what is no username. @throws WireError E007 */
export function checkUsername(username: string): void {
  if (!isUsername(username)) throw new WireError(ErrorCode.usernameInvalidOrTaken, "not a valid username");
}

/** @throws WireError E014 for another length */
export function checkLength(bytes: Uint8Array, length: number, what: string): void {
  if (bytes.length !== length) throw new WireError(ErrorCode.malformed, `${what}: ${length} bytes`);
}

/**
 * @param version the version that the vault must have
 * @throws WireError E011 for a vault that is too large, E014 for another version or an empty one
 */
export function checkedVault(
  { version: given, sealed, wrappedByPassword, wrappedByRecovery, recoveryKey }: Vault,
  version: number,
): StoredVault {
  if (sealed.length > maxSealedBytes) {
    throw new WireError(ErrorCode.payloadTooLarge, `vault: at most ${maxSealedBytes} bytes`);
  }
  if (wrappedByPassword.length > maxWrapBytes || wrappedByRecovery.length > maxWrapBytes) {
    throw new WireError(ErrorCode.payloadTooLarge, `vault: wraps of at most ${maxWrapBytes} bytes`);
  }
  if (given !== version || sealed.length === 0) {
    throw new WireError(ErrorCode.malformed, `vault: not version ${version}, or empty`);
  }
  if (recoveryKey.length !== 0) checkLength(recoveryKey, 32, "recoveryKey");
  return { version, sealed, wrappedByPassword, wrappedByRecovery, recoveryKey };
}

/** A caller with a session, as `authorizeCall` identifies it. */
export interface SessionCaller {
  accountKey: Bytes;
  deviceId: Bytes;
  recipientKey: Bytes;
  sessionId: Bytes;
}

/** @throws WireError E003 for a caller without a session */
export function sessionOf({ accountKey, deviceId, recipientKey, sessionId }: Caller): SessionCaller {
  if (!accountKey || !deviceId || !recipientKey || !sessionId) {
    throw new WireError(ErrorCode.forbidden, "this call needs a device's session");
  }
  return { accountKey, deviceId, recipientKey, sessionId };
}
