/** Commit entries: another member's, the own one, and the word that this device is out. */

import { equalBytes, toHex } from "../../schema/bytes.ts";
import type { Entry } from "../../schema/rpc/methods.ts";
import type { GroupState, Member } from "../mls/group.ts";
import type { Draft } from "./draft.ts";
import { noticesOf } from "./members.ts";
import type { PendingRecord } from "./records.ts";
import { breakOff, type Refusal, remember } from "./rejection.ts";
import type { InboxEvents, SyncContext } from "./sync_context.ts";
import type { Unit } from "./unit.ts";

export type Guard = { kind: "next" } | { kind: "repeat" } | Refusal;

/**
 * The client's guard on an entry of epoch n (PROTOCOL §4): it must be the own epoch + 1; n that was passed already is a repeat when its commitId is the one that was merged, and
 * a fork when it is another.
 *
 * @param merged the commitId that made epoch n here, if remembered
 */
export function guardCommit(ownEpoch: number, n: number, commitId: string, merged: string | undefined): Guard {
  if (n === ownEpoch + 1) return { kind: "next" };
  if (n > ownEpoch + 1) return { kind: "rejected", code: "fork", reason: "a commit is missing before this one" };
  if (merged === undefined || merged === commitId) return { kind: "repeat" };
  return { kind: "rejected", code: "fork", reason: "another commit made this epoch here" };
}

/** @returns the chat, if the entry is the next commit for it */
async function nextCommit(unit: Unit, entry: Entry): Promise<(Draft & { state: GroupState }) | undefined> {
  const chatId = toHex(entry.channelId);
  const draft = await unit.chat(chatId);
  if (!draft?.state || !draft.record.active) {
    remember(unit, chatId, entry, "no-group");
    return undefined;
  }
  const commitId = toHex(entry.id);
  const guard = guardCommit(draft.record.epoch, entry.epoch, commitId, draft.record.commits.find(({ n }) => n === entry.epoch)?.commitId);
  if (guard.kind === "repeat") return undefined;
  if (guard.kind !== "next") {
    breakOff(unit, draft, entry, guard);
    return undefined;
  }
  return draft as Draft & { state: GroupState };
}

export async function receiveCommit(context: SyncContext, events: InboxEvents, unit: Unit, entry: Entry): Promise<void> {
  const draft = await nextCommit(unit, entry);
  if (!draft) return;
  const { mls, account } = context;
  const before = mls.members(draft.state);
  const leaving = mls.pendingLeaves(draft.state);
  const header = entry.header.length > 0 ? { header: entry.header } : {};
  const result = await context.trust.during(() => mls.processCommit(draft.state, { n: BigInt(entry.epoch), commitId: entry.id, sealedCommit: entry.body, ...header }));
  if (result.kind !== "processed") {
    breakOff(unit, draft, entry, result.kind === "skipped" ? { kind: "unreadable", reason: result.reason } : result);
    return;
  }
  // For the removed device the tree is no longer there to be read: what remains is what was there, less the removed ones.
  const after = result.selfRemoved ? before.filter((member) => !result.removed.some(({ leafIndex }) => leafIndex === member.leafIndex)) : mls.members(result.newState);
  draft.enterEpoch(result.newState, account.clock.now(), toHex(entry.id), result.consumed);
  for (const { notice, values } of noticesOf({ committer: result.committer, before, after, leaving, ...(result.infoChange && { infoChange: result.infoChange }) })) {
    draft.notice(notice, values, entry.receivedMs);
  }
  loseRace(events, unit, draft);
  if (result.selfRemoved) endChat(events, unit, draft);
  unit.afterwards(() => events.epochChanged(draft.id));
}

/** The other commit won: the bytes of ours are void, the plan stays to be built again. */
function loseRace(events: InboxEvents, unit: Unit, draft: Draft): void {
  if (!draft.pending?.commit) return;
  const { plan, attempt } = draft.pending;
  draft.setPending({ plan, attempt: attempt + 1 });
  unit.afterwards(() => events.commitLost(draft.id));
}

export async function receiveOwnCommit({ mls, account }: SyncContext, events: InboxEvents, unit: Unit, entry: Entry): Promise<void> {
  const draft = await nextCommit(unit, entry);
  if (!draft) return;
  const pending = draft.pending?.commit && mls.decodePending(draft.pending.commit);
  if (!pending || !equalBytes(pending.commitId, entry.id)) {
    // Only a device whose state went back in time meets its own commit without having it (PROTOCOL §4, E017).
    breakOff(unit, draft, entry, { kind: "rejected", code: "rolled-back", reason: "an own commit that is not stored here" });
    return;
  }
  const before = mls.members(draft.state);
  const leaving = mls.pendingLeaves(draft.state);
  const infoBefore = mls.info(draft.state);
  const merged = mls.mergePending(draft.state, pending);
  const infoAfter = mls.info(merged);
  const after = mls.members(merged);
  const { purpose } = (draft.pending as PendingRecord).plan;
  draft.enterEpoch(merged, account.clock.now(), toHex(entry.id));
  draft.setPending(undefined);
  if (purpose === "create") {
    draft.set({ hidden: false });
    draft.notice("created", { by: account.username }, entry.receivedMs);
  } else {
    const committer = before.find(({ leafIndex }) => leafIndex === draft.state.ownLeafIndex) as Member;
    for (const { notice, values } of noticesOf({ committer, before, after, leaving, infoChange: { before: infoBefore, after: infoAfter } })) draft.notice(notice, values, entry.receivedMs);
  }
  unit.afterwards(() => {
    events.commitMerged(draft.id);
    events.epochChanged(draft.id);
  });
}

export async function receiveRemoval({ account }: SyncContext, events: InboxEvents, unit: Unit, entry: Entry): Promise<void> {
  const draft = await unit.chat(toHex(entry.channelId));
  if (!draft || !draft.record.active || entry.epoch <= draft.record.epoch) return;
  draft.notice(draft.record.leaving ? "left" : "removed", { who: account.username, self: "1" }, entry.receivedMs);
  endChat(events, unit, draft);
}

function endChat(events: InboxEvents, unit: Unit, draft: Draft): void {
  draft.set({ active: false, leaving: false });
  draft.setPending(undefined);
  unit.afterwards(() => events.chatEnded(draft.id));
}
