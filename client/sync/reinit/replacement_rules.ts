/**
 * Rules for a replacement channel (specification §3.5), judged from this device's own history.
 *
 * | rule | what it refuses |
 * |---|---|
 * | GRP-5.1 | a last common epoch or hash that is not in this device's history, unless both forked at a shared epoch |
 * | GRP-5.2 | a replacement that no admin of the replaced group has signed |
 * | GRP-5.3 | another kind, name or data, new accounts, new admins; for a chat of two, anybody else |
 * | GRP-5.4 | a replacement for a channel left already: the first wins, within 10 minutes the smaller channelId |
 *
 * A device that was out of the group, or behind, has not seen every change. Nor has one that gets into a
 * replacement after its first epoch. There accounts, admins, name and data may differ, because an admin's commit may
 * change them at any time.
 */

import { equalBytes, toHex } from "../../../schema/bytes.ts";
import { type GroupInfo, type Member, sameData, type Supersedes } from "../../mls/group.ts";
import { accountsOf } from "../conversation/membership_diff.ts";
import { cameAfter, lastSharedEpoch } from "./fork_point.ts";
import type { PastEpoch } from "../conversation/epoch_history.ts";
import { type ConversationRecord, togetherMs } from "../conversation/records.ts";
import { desyncOf, isIn } from "../conversation/standing.ts";

/** The facts by which a replacement channel is judged. */
export interface ReplacementFacts {
  supersedes: Supersedes;
  info: GroupInfo;
  /** Epoch of the replacement channel that the Welcome leads to; its maker begins it with epoch 1. */
  epoch: number;
  /** The account, as hex, whose device signed it; undefined when nobody of the old group did. */
  maker: string | undefined;
  /** Members of the replacement channel. */
  members: Member[];
  old: Readonly<ConversationRecord>;
  past: PastEpoch[];
}

/** GRP-5.1 to GRP-5.3. @returns the rule that is broken, or undefined */
export function judgeReplacement(
  { supersedes, info, epoch, maker, members, old, past }: ReplacementFacts,
): "GRP-5.1" | "GRP-5.2" | "GRP-5.3" | undefined {
  const lastEpoch = Number(supersedes.lastEpoch);
  // This device has no history of a channel that it has left or was never in.
  const present = equalBytes(old.channelId, supersedes.channelId);
  // The epoch in which this device was removed has no hash here.
  const known = past.find(({ n, hash }) => n === lastEpoch && hash.some((byte) => byte !== 0));
  // A device that is out of step may have been in another epoch with the same number.
  let isForked = present && known !== undefined && !equalBytes(known.hash, supersedes.transcriptHash);
  if (present && !desyncOf(old)) {
    // A device that was behind, removed or added later has no hash to compare with. A device that can not
    // follow its group is helped by any member's Welcome. A device with a history must have the same hash in
    // that epoch. Or both histories have forked after a shared epoch, because the server went back in time.
    if (!known) isForked = isIn(old) && lastEpoch <= old.epoch && !cameAfter(old.commits, lastEpoch);
    if (isForked && (lastSharedEpoch(supersedes.commits, old.commits) ?? lastEpoch) >= lastEpoch) return "GRP-5.1";
  }
  const roleOf = (accountKey: string) => old.members.find((member) => member.accountKey === accountKey)?.role;
  if (maker === undefined || roleOf(maker) !== "admin") return "GRP-5.2";
  if (info.kind !== old.kind) return "GRP-5.3";
  const accounts = accountsOf(members);
  if (
    old.kind === "direct" &&
    accounts.some(({ accountKey }) => roleOf(accountKey) === undefined && accountKey !== old.peer?.accountKey)
  ) return "GRP-5.3";
  // Names, members and roles may have changed in commits that this device has not seen.
  if (!present || !isIn(old) || isForked || lastEpoch !== old.epoch || epoch > 1) return undefined;
  const grown = accounts.some(({ accountKey, role }) =>
    roleOf(accountKey) === undefined || (role === "admin" && roleOf(accountKey) !== "admin")
  );
  return grown || info.name !== old.name || !sameData(info.data, old.data) ? "GRP-5.3" : undefined;
}

/**
 * GRP-5.4: whether a conversation that has moved already moves again.
 *
 * A replacement's channelId is below that of the channel it replaces (`randomChannelId`). So of two lines that cross
 * within {@link togetherMs} all devices choose the same one, whichever they see first. What counts is the server's
 * time of both: a device that was away reads them all at once and must choose as the others have.
 *
 * @param receivedMs when the server took the Welcome, ms since the Unix epoch
 */
export function comesFirst(
  record: Readonly<Pick<ConversationRecord, "channelId" | "earlier" | "movedMs" | "replaced">>,
  channelId: Uint8Array,
  { channelId: superseded }: Pick<Supersedes, "channelId">,
  receivedMs: number,
): boolean {
  if (equalBytes(record.channelId, superseded)) return true;
  // Records of earlier versions lack the server's time.
  const presentMs = record.replaced?.channelId === toHex(record.channelId) ? record.replaced.atMs : record.movedMs;
  if (presentMs !== undefined && Math.abs(receivedMs - presentMs) < togetherMs) {
    return toHex(channelId) < toHex(record.channelId);
  }
  // This device was out of the channel or lost its Welcome, so it may have missed the moves between.
  return !record.earlier?.includes(toHex(superseded));
}
