/** Checks that delivery methods share: the caller, and the sizes of byte strings. */

import { type Bytes, equalBytes } from "../../schema/bytes.ts";
import { ErrorCode, WireError } from "../../schema/rpc/errors.ts";
import type { Caller } from "../caller.ts";

/** A caller that is an enrolled device. */
export interface DeviceCaller {
  recipientKey: Bytes;
  accountKey: Bytes;
  sessionId: Bytes;
}

/** @throws WireError E001 without a session, E003 for the operator and for a device that is not enrolled */
export function requireDevice({ kind, enrolled, recipientKey, accountKey, sessionId }: Caller): DeviceCaller {
  if (kind === "anyone") throw new WireError(ErrorCode.unauthenticated, "no session");
  if (kind !== "device" || !enrolled || !recipientKey || !accountKey || !sessionId) {
    throw new WireError(ErrorCode.forbidden, "only for enrolled devices");
  }
  return { recipientKey, accountKey, sessionId };
}

/** @throws WireError E001; E003 also when `recipientKey` is not the session's own device */
export function requireOwnDevice(caller: Caller, recipientKey: Bytes): DeviceCaller {
  const device = requireDevice(caller);
  if (!equalBytes(device.recipientKey, recipientKey)) {
    throw new WireError(ErrorCode.forbidden, "recipientKey is not the session's own device");
  }
  return device;
}

/** @throws WireError E014 unless `bytes` has this length */
export function exactly(bytes: Bytes, length: number, what: string): Bytes {
  if (bytes.length !== length) throw new WireError(ErrorCode.malformed, `${what}: ${length} bytes`);
  return bytes;
}

/** @throws WireError E014 when `bytes` is empty, E011 when it is longer than `limit` */
export function atMost(bytes: Bytes, limit: number, what: string): Bytes {
  if (bytes.length === 0) throw new WireError(ErrorCode.malformed, `${what}: empty`);
  if (bytes.length > limit) throw new WireError(ErrorCode.payloadTooLarge, `${what}: at most ${limit} bytes`);
  return bytes;
}
