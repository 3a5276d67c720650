/** Compares a group with its accounts' newest device lists (specification §3.4). */

import { equalBytes, toHex } from "../../../schema/bytes.ts";
import type { DeviceList } from "../../../schema/device_list.ts";
import type { Member } from "../../mls/group.ts";

export interface DeviceListDiff {
  /** Listed devices that are not in the group. */
  missing: { accountKey: string; device: DeviceList["devices"][number] }[];
  /** Members whose device is revoked. */
  revoked: Member[];
}

/**
 * Finds the differences between a group and its accounts' newest device lists.
 *
 * @param lists by account key as hex; members of an account without a list are not judged
 */
export function deviceListDiffOf(members: Member[], lists: ReadonlyMap<string, DeviceList>): DeviceListDiff {
  const diff: DeviceListDiff = { missing: [], revoked: [] };
  for (const [accountKey, list] of lists) {
    const own = members.filter(({ credential }) => toHex(credential.accountKey) === accountKey);
    if (own.length === 0) continue;
    diff.revoked.push(
      ...own.filter(({ credential }) => list.revoked.some((id) => equalBytes(id, credential.deviceId))),
    );
    const missing = list.devices.filter(({ recipientKey }) =>
      !own.some((member) => equalBytes(member.recipientKey, recipientKey))
    );
    diff.missing.push(...missing.map((device) => ({ accountKey, device })));
  }
  return diff;
}
