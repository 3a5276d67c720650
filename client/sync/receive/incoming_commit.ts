/** Commit entries: another member's commit, the own commit, and the server's word that this device is out. */

import { type Bytes, equalBytes, toHex } from "../../../schema/bytes.ts";
import type { GroupState, Member, PendingCommit } from "../../mls/group.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import { noticedRemover } from "../device_messages/removal_notice.ts";
import { noticesOf } from "../conversation/membership_diff.ts";
import { dropRepeats, noteOthersChange, noteOwnChange } from "../reinit/fork_point.ts";
import { noteEpoch } from "../conversation/epoch_history.ts";
import type { PendingRecord } from "../conversation/records.ts";
import { noteHeard, noteLeftChannelUsed, noteStillListed, noteWordVoid } from "../reinit/gone.ts";
import { fallOutOfStep, type Refusal, refuse, remember } from "./rejection.ts";
import { compareWithServer } from "../commits/server_member_list.ts";
import { isKnownRevoked } from "../conversation/known_revoked.ts";
import { adoptReplacement } from "../reinit/follow_replacement.ts";
import { desyncOf, isIn } from "../conversation/standing.ts";
import { isAdmin } from "../membership/admins.ts";
import type { EntryContext } from "../conversation/entry_context.ts";

export type Guard = { kind: "next" } | { kind: "repeat" } | { kind: "old" } | Refusal;

/**
 * The client's guard on an entry of epoch n (specification §4.5). The next entry must have n = own epoch + 1.
 * For an n that was passed already, the same commitId as the merged one is a repeat, and another is a fork.
 * No commit leads back to an epoch before the remembered ones ("old").
 *
 * @param merged the commitId that made epoch n here, if remembered
 */
export function guardCommit(ownEpoch: number, n: number, commitId: string, merged: string | undefined): Guard {
  if (n === ownEpoch + 1) return { kind: "next" };
  if (n > ownEpoch + 1) return { kind: "rejected", code: "fork", reason: "a commit is missing before this one" };
  if (merged === undefined) return { kind: "old" };
  if (merged === commitId) return { kind: "repeat" };
  return { kind: "rejected", code: "fork", reason: "another commit made this epoch here" };
}

type Live = ConversationTransaction & { state: GroupState };

/** @returns the chat, if the entry is its next commit */
async function nextCommit(received: EntryContext): Promise<Live | undefined> {
  const { unit, entry } = received;
  const chatId = unit.chatOf(entry.channelId);
  // The conversation has moved to a replacement channel.
  if (chatId === undefined) {
    noteLeftChannelUsed(received);
    return undefined;
  }
  const conversation = await unit.conversation(chatId);
  if (!conversation || !isIn(conversation.record)) {
    remember(received, chatId, "no-group");
    noteStillListed(received, conversation);
    return undefined;
  }
  if (!conversation.state) {
    fallOutOfStep(received, conversation, {
      kind: "rejected",
      code: "state-lost",
      reason: "the group's state is gone or damaged",
    });
    return undefined;
  }
  const commitId = toHex(entry.id);
  const guard = guardCommit(
    conversation.record.epoch,
    entry.epoch,
    commitId,
    conversation.record.commits.find(({ n }) => n === entry.epoch)?.commitId,
  );
  if (guard.kind === "repeat") return undefined;
  if (guard.kind === "old") {
    // No later event can make the entry readable, so its bytes are not kept.
    refuse({ ...received, entry: { ...entry, header: new Uint8Array(), body: new Uint8Array() } }, conversation, {
      kind: "rejected",
      code: "old-epoch",
      reason: "a commit to an epoch that this device has left",
    });
    return undefined;
  }
  if (guard.kind !== "next") {
    fallOutOfStep(received, conversation, guard);
    return undefined;
  }
  if (desyncOf(conversation.record)) {
    // An entry before this one could not be followed, so this one has to wait.
    remember(received, chatId, "broken", conversation);
    return undefined;
  }
  return conversation as Live;
}

/** @param S the epoch's secret from a reseal, in place of the header */
export async function receiveCommit(
  received: EntryContext,
  S?: Bytes,
): Promise<void> {
  const { context, unit, entry } = received;
  const conversation = await nextCommit(received);
  if (!conversation) return;
  const { mls, account } = context;
  const before = mls.members(conversation.state);
  const leaving = mls.pendingLeaves(conversation.state);
  const header = entry.header.length > 0 ? { header: entry.header } : {};
  const result = await context.trust.during(() =>
    mls.processCommit(conversation.state, {
      n: BigInt(entry.epoch),
      commitId: entry.id,
      sealedCommit: entry.body,
      ...header,
      ...(S && { S }),
    })
  );
  if (result.kind !== "processed") {
    fallOutOfStep(
      received,
      conversation,
      result.kind === "skipped" ? { kind: "unreadable", reason: result.reason } : result,
    );
    return;
  }
  // The removed device has no new tree to read. The remaining members are the old ones without the removed
  // ones.
  const after = result.selfRemoved
    ? before.filter((member) => !result.removed.some(({ leafIndex }) => leafIndex === member.leafIndex))
    : mls.members(result.newState);
  const nowMs = account.clock.now();
  conversation.enterEpoch(result.newState, nowMs, toHex(entry.id), result.consumed, entry.receivedMs);
  await noteEpoch(context, unit, conversation, result.newState, {
    commitId: entry.id,
    S: result.S,
    added: result.added.map(({ recipientKey }) => recipientKey),
  });
  await noteOthersChange(context, unit, conversation, before, after);
  conversation.noteReadded(result.readded, result.committer);
  noteHeard(received, conversation, result.committer);
  const change = {
    committer: result.committer,
    before,
    after,
    leaving,
    readded: result.readded,
    ...(result.infoChange && { infoChange: result.infoChange }),
  };
  for (const { notice, values } of noticesOf(change)) conversation.notice(notice, values, entry.receivedMs);
  const did = {
    removed: result.removed.map(({ recipientKey }) => recipientKey),
    added: result.added.map(({ recipientKey }) => recipientKey),
    membersHash: result.membersHash,
  };
  compareWithServer(received, conversation, result.committer, did);
  loseRace(received, conversation);
  const added = await Promise.all(result.added.map(({ credential }) => isKnownRevoked(context, credential)));
  if (added.includes(true)) unit.onceStored(() => context.events.emit("revokedAdded", conversation.id));
  if (result.selfRemoved) endChat(received, conversation);
  unit.onceStored(() => context.events.emit("epochChanged", conversation.id));
}

/**
 * The other commit won. The bytes of the own commit are void, and the plan stays to be built again. A plan
 * without a built commit loses nothing.
 */
function loseRace({ context: { events }, unit }: EntryContext, conversation: ConversationTransaction): void {
  if (!conversation.pending?.commit) return;
  const { plan, attempt } = conversation.pending;
  conversation.setPending({ plan, attempt: attempt + 1 });
  unit.onceStored(() => events.emit("commitLost", conversation.id));
}

/**
 * This device's own commit was accepted: the pending state replaces the old one. An own commit that is not
 * pending here means that the state went back in time (E017).
 *
 * @throws StorageError
 */
export async function receiveOwnCommit(received: EntryContext): Promise<void> {
  const { context, unit, entry } = received;
  const { mls, account } = context;
  const conversation = await nextCommit(received);
  if (!conversation) return;
  const pending = conversation.pending?.commit && mls.decodePending(conversation.pending.commit);
  if (!pending || !equalBytes(pending.commitId, entry.id)) {
    // A device only meets an unknown commit of its own when its state went back in time (specification §4.5,
    // E017).
    unit.onceStored(() => context.events.emit("rolledBack", conversation.id));
    remember(received, conversation.id, "rolled-back");
    return;
  }
  const { purpose } = (conversation.pending as PendingRecord).plan;
  const before = mls.members(conversation.state);
  const leaving = mls.pendingLeaves(conversation.state);
  const infoBefore = mls.info(conversation.state);
  const merged = mls.mergePending(conversation.state, pending);
  const after = mls.members(merged);
  const committer = before.find(({ leafIndex }) => leafIndex === conversation.state.ownLeafIndex) as Member;
  conversation.enterEpoch(merged, account.clock.now(), toHex(entry.id), [], entry.receivedMs);
  await noteEpoch(context, unit, conversation, merged, pending);
  conversation.setPending(undefined);
  unit.onceStored(() => {
    context.events.emit("commitMerged", conversation.id);
    context.events.emit("epochChanged", conversation.id);
  });
  if (conversation.record.succeeds !== undefined) {
    await adoptReplacement(received, conversation, merged, pending);
    return;
  }
  compareWithServer(received, conversation, committer, pending);
  if (purpose === "create") {
    conversation.show();
    conversation.notice("created", { by: account.username }, entry.receivedMs);
    return;
  }
  dropRepeats(conversation, before, after);
  noteWordVoid(received, conversation, before, after);
  if (purpose === "add" || purpose === "remove") {
    await noteOwnChange(
      context,
      unit,
      conversation,
      before,
      after,
      new Set(leaving.map(({ credential }) => toHex(credential.accountKey))),
    );
  }
  const infoChange = { before: infoBefore, after: mls.info(merged) };
  const readded = readdedBy(pending, after);
  conversation.noteReadded(readded, committer);
  for (const { notice, values } of noticesOf({ committer, before, after, leaving, readded, infoChange })) {
    conversation.notice(notice, values, entry.receivedMs);
  }
}

function readdedBy({ removed, added }: PendingCommit, after: Member[]): Member[] {
  return after.filter(({ recipientKey }) =>
    [removed, added].every((keys) => keys.some((key) => equalBytes(key, recipientKey)))
  );
}

/**
 * The server says that this device was removed. The commit that would prove it is sealed to the remaining
 * members. Unless the committer has sent a notice, the line names only the server as the source
 * (specification §4.6).
 */
export async function receiveRemoval(received: EntryContext): Promise<void> {
  const { context: { account }, unit, entry } = received;
  const chatId = unit.chatOf(entry.channelId);
  const conversation = chatId === undefined ? undefined : await unit.conversation(chatId);
  if (!conversation || !isIn(conversation.record) || entry.epoch <= conversation.record.epoch) return;
  const announced = noticedRemover(conversation, entry);
  if (conversation.record.leaving || announced?.own) {
    conversation.notice("left", { who: account.username, self: "1" }, entry.receivedMs);
    conversation.set({ leftMs: account.clock.now() });
  } else if (announced) {
    conversation.notice("removed", { who: account.username, by: announced.by, self: "1" }, entry.receivedMs);
  } else {
    conversation.notice("removed-by-server", { who: account.username, self: "1" }, entry.receivedMs);
    if (doubtRemoval(received, conversation)) return;
  }
  endChat(received, conversation);
}

/**
 * The server knows its list from committers alone: any member could have it drop everybody else, and with them all who
 * could mend it. Who removes an admin's device by right tells it (specification §4.6). Without that word the device
 * keeps its state, and replaces the channel. Members of a group that has removed it follow no replacement of its
 * (GRP-5.2).
 *
 * @returns whether that is so
 */
function doubtRemoval({ context, unit, entry }: EntryContext, conversation: ConversationTransaction): boolean {
  const { record, state } = conversation;
  if (record.kind === "direct" || !state?.active || !isAdmin(record, context.ownKey)) return false;
  if (!desyncOf(record)) {
    const { epoch, id } = entry;
    conversation.fallOutOfStep({ code: "removed", epoch, commitId: toHex(id), need: "readd" });
    conversation.restartPlan();
  }
  unit.onceStored(() => context.events.emit("fellOutOfStep", conversation.id));
  return true;
}

function endChat({ context: { events }, unit }: EntryContext, conversation: ConversationTransaction): void {
  conversation.end();
  conversation.set({ announced: undefined });
  conversation.setPending(undefined);
  unit.onceStored(() => events.emit("ended", conversation.id));
}
