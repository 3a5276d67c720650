/**
 * Checks whether a device list of the server may replace the one seen before (specification §1.2). The version
 * never decreases, and no revoked device comes back.
 */

import { equalBytes } from "../../../schema/bytes.ts";
import { type DeviceList, deviceListFault, deviceListSuccession } from "../../../schema/device_list.ts";

/** A list with the bytes that were signed. */
export interface SeenList {
  list: DeviceList;
  bytes: Uint8Array;
}

export type ListVerdict =
  | { kind: "same" }
  | { kind: "newer" }
  /** Refused: the server shows an older list, or two different histories. */
  | { kind: "refused"; reason: string };

/** @param next opened with `openDeviceList`, of the same account key */
export async function judgeDeviceList(seen: SeenList, next: SeenList): Promise<ListVerdict> {
  if (next.list.version < seen.list.version) {
    return refused(`version ${next.list.version} after version ${seen.list.version} was seen`);
  }
  if (next.list.version === seen.list.version) {
    return equalBytes(seen.bytes, next.bytes) ? { kind: "same" } : refused("two lists of one version");
  }
  if (next.list.version === seen.list.version + 1) {
    const fault = await deviceListSuccession(seen.list, seen.bytes, next.list);
    return fault === undefined ? { kind: "newer" } : refused(fault);
  }
  // Versions in between were missed, so the hash chain can not be verified. The rules for a single step hold for
  // several steps together.
  if (seen.list.username !== next.list.username) return refused("another username");
  const fault = deviceListFault(seen.list, next.list);
  return fault === undefined ? { kind: "newer" } : refused(fault);
}

function refused(reason: string): ListVerdict {
  return { kind: "refused", reason };
}
