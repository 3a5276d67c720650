/**
 * In which order devices do what one of them is enough for. Each computes it for itself, from what all members know.
 * For a changed device list the server gives the turns, by another order: schema/device_turn.ts.
 */

import { toHex } from "../../../schema/bytes.ts";
import type { Member } from "../../mls/group.ts";

/** How long devices wait, in ms, before as many as before and one more remove a revoked device. */
const removalTurnMs = 2_000;

/**
 * @param devices recipientKeys
 * @param own this device's
 * @param channelId what is done there; other channels have other orders
 * @returns how many of the devices come before this one, in the order of recipientKey ⊕ channelId; undefined where
 *   it is not among them
 */
export function turnOf(devices: Uint8Array[], own: Uint8Array, channelId: Uint8Array): number | undefined {
  const rank = (key: Uint8Array) => toHex(key.map((byte, index) => byte ^ channelId[index]));
  const ranks = devices.map(rank);
  const mine = rank(own);
  return ranks.includes(mine) ? ranks.filter((other) => other < mine).length : undefined;
}

/**
 * @param members of the group
 * @param own this device's recipientKey
 * @param channelId as for {@link turnOf}
 * @returns how many other devices of admins come before this one; undefined where it is not an admin's
 */
export function adminTurnOf(
  members: Pick<Member, "recipientKey" | "role">[],
  own: Uint8Array,
  channelId: Uint8Array,
): number | undefined {
  return turnOf(
    members.filter(({ role }) => role === "admin").map(({ recipientKey }) => recipientKey),
    own,
    channelId,
  );
}

/**
 * When this device removes revoked ones: of N commits made at once one wins, and N − 1 were made in vain. Devices of
 * the same accounts come first, because one of them has revoked and is there. With each turn twice as many devices
 * act, so that absent ones put the removal off for seconds alone.
 *
 * @param members of the group
 * @param revoked those of them that are to be removed
 * @param own this device's recipientKey
 * @returns ms from now; 0 for the first one
 */
export function removalDelayMs(
  members: Pick<Member, "recipientKey" | "credential">[],
  revoked: Pick<Member, "recipientKey" | "credential">[],
  own: Uint8Array,
  channelId: Uint8Array,
): number {
  const out = new Set(revoked.map(({ recipientKey }) => toHex(recipientKey)));
  const accounts = new Set(revoked.map(({ credential }) => toHex(credential.accountKey)));
  const staying = members.filter(({ recipientKey }) => !out.has(toHex(recipientKey)));
  const of = (isOwner: boolean) =>
    staying.filter(({ credential }) => accounts.has(toHex(credential.accountKey)) === isOwner).map((
      { recipientKey },
    ) => recipientKey);
  const [first, others] = [of(true), of(false)];
  const before = turnOf(first, own, channelId);
  const turn = before ?? (turnOf(others, own, channelId) ?? 0) + (first.length > 0 ? 1 : 0);
  return Math.ceil(Math.log2(turn + 1)) * removalTurnMs;
}
