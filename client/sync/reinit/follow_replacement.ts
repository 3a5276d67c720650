/**
 * Moves a conversation into its replacement channel (specification §3.5).
 *
 * The conversation keeps its place, history, title and roles. Each difference between the old and the new
 * group is a line in the conversation.
 */

import { equalBytes, toHex } from "../../../schema/bytes.ts";
import type { RejectionCode } from "../../mls/types.ts";
import type { GroupState, JoinResult, PendingCommit, Supersedes } from "../../mls/group.ts";
import type { ReunionStep } from "../conversation/conversation_events.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import { accountsOf, membershipDiff } from "../conversation/membership_diff.ts";
import { cameAfter, lastSharedEpoch, membershipChangesAfter, ownMessagesAfter, redoBoth } from "./fork_point.ts";
import { epochHistory, noteEpoch } from "../conversation/epoch_history.ts";
import { type ConversationRecord, keys, togetherMs } from "../conversation/records.ts";
import { isAdmin } from "../membership/admins.ts";
import { isKnownRevoked } from "../conversation/known_revoked.ts";
import { storeForResend } from "../send/resend.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import type { UnitOfWork } from "../conversation/unit_of_work.ts";
import { isIn, isShown } from "../conversation/standing.ts";
import { vouchingAdmin } from "./gone.ts";
import { comesFirst, judgeReplacement } from "./replacement_rules.ts";
import { makerOf } from "./replacement_maker.ts";
import type { EntryContext } from "../conversation/entry_context.ts";

type Joined = Extract<JoinResult, { kind: "processed" }>;

export type ReplacementOutcome =
  | {
    kind: "moved";
    conversation: ConversationTransaction; /** It had left the conversation, or had been removed. */
    wasOut: boolean;
  }
  | {
    kind: "refused";
    conversation: ConversationTransaction;
    code: RejectionCode;
    /** What brings both parts of the group together, if they may be two now. */
    due?: ReunionStep;
  }
  | { kind: "unknown" };

/**
 * @returns the conversation that the channel claims to replace: found by the replaced channel or, where this
 *   device has missed moves, by the first channel
 */
async function conversationOf(
  { conversations }: SyncContext,
  unit: UnitOfWork,
  // Where the replaced channel is the first one, its maker does not name that again.
  { channelId, firstChannelId = channelId }: Supersedes,
): Promise<ConversationTransaction | undefined> {
  const chatId = unit.chatOf(channelId) ?? unit.chatThatLeft(channelId);
  const conversation = chatId === undefined ? undefined : await unit.conversation(chatId);
  if (conversation) return conversation;
  const ofFirst = conversations.all().filter(({ record }) => equalBytes(record.firstChannelId, firstChannelId));
  // Anybody can send an invitation to a group that claims this first channel, so accepted conversations come
  // first.
  const byFirst = (ofFirst.find(({ record }) => !record.invitation) ?? ofFirst[0])?.id;
  return byFirst === undefined ? undefined : await unit.conversation(byFirst);
}

/** A Welcome to a replacement channel was opened: moves the conversation if the rules allow it. */
export async function followReplacement(
  received: EntryContext,
  { info, adder, newState, S, leftChannels }: Joined,
): Promise<ReplacementOutcome> {
  const { context, unit, entry } = received;
  const { mls, ownKey } = context;
  const { supersedes } = info;
  if (!supersedes) return { kind: "unknown" };
  const conversation = await conversationOf(context, unit, supersedes);
  if (!conversation || !isShown(conversation.record)) return { kind: "unknown" };
  const { record } = conversation;
  const by = await makerOf(context, conversation, entry.channelId, supersedes);
  // An admin here has signed that the group has left this conversation's channel for that one.
  const voucher = await vouchingAdmin(context, record, entry.channelId, adder, leftChannels);
  const maker = by !== undefined && isAdmin(record, by) ? by : voucher ?? by;
  const wasOut = !isIn(record);
  const missed = !equalBytes(record.channelId, supersedes.channelId) &&
    !record.earlier?.includes(toHex(supersedes.channelId));
  const code = judgeReplacement({
    supersedes,
    info,
    epoch: entry.epoch,
    maker,
    members: mls.members(newState),
    old: record,
    past: await epochHistory(context, unit, conversation),
  });
  // What it has not seen may have made other admins: their group is no breach of a rule, but another conversation.
  if (code !== undefined && (wasOut || missed)) return { kind: "unknown" };
  if (code !== undefined) {
    // Those who have moved there follow another replacement for as long as both count as made at the same time.
    const isFresh = context.account.clock.now() - entry.receivedMs < togetherMs;
    const parts = code === "GRP-5.1" && maker !== undefined && isAdmin(record, maker) && isFresh;
    const due = code === "GRP-5.2" ? "ask" : parts ? "replace" : undefined;
    return { kind: "refused", conversation, code, ...(due && { due }) };
  }
  // A device that is out stands in no line.
  if (!wasOut && voucher === undefined && !comesFirst(record, entry.channelId, supersedes, entry.receivedMs)) {
    return { kind: "refused", conversation, code: "GRP-5.4" };
  }
  const adderKey = toHex(adder.credential.accountKey);
  await move(
    received,
    conversation,
    newState,
    { commitId: entry.id, S },
    record.members.find(({ accountKey }) => accountKey === maker)?.username ?? adder.credential.username,
    wasOut ? "was-out" : forkPointOf(record, entry.channelId, supersedes),
  );
  // Its maker did not know that this device had left. Somebody who adds it again does.
  const unseen = record.leftMs !== undefined && entry.epoch === 1 && Number(supersedes.lastEpoch) <= record.epoch &&
    equalBytes(record.channelId, supersedes.channelId);
  if (unseen) conversation.set({ leaving: true });
  const taken = (!record.invitation || record.taken) && { taken: true as const };
  // GRP-7: an account that this device did not meet in the conversation brings it back, so the user is asked
  // first. GRP-6.6: so does a revoked device.
  if (wasOut && await isKnownRevoked(context, adder.credential)) {
    conversation.set({ invitation: true, needsAcceptance: true, inviterRevoked: true, ...taken });
  } else if (wasOut && adderKey !== ownKey && !record.members.some(({ accountKey }) => accountKey === adderKey)) {
    conversation.set({ invitation: true, ...taken });
  }
  return { kind: "moved", conversation, wasOut };
}

/**
 * The server took the commit that makes this device's own replacement channel. The conversation moves, unless
 * it has moved meanwhile.
 */
export async function adoptReplacement(
  received: EntryContext,
  candidate: ConversationTransaction,
  state: GroupState,
  { commitId, S }: PendingCommit,
): Promise<void> {
  const { context, unit, entry } = received;
  const main = await unit.conversation(candidate.record.succeeds!);
  const { supersedes } = context.mls.info(state);
  candidate.remove();
  if (
    !main || !isIn(main.record) || !supersedes ||
    !comesFirst(main.record, entry.channelId, supersedes, entry.receivedMs)
  ) {
    return;
  }
  const forkPoint = forkPointOf(main.record, entry.channelId, supersedes);
  await move(received, main, state, { commitId, S }, context.account.username, forkPoint);
}

/**
 * @param to the channel into which the conversation moves
 * @returns the fork point: the last epoch of the present channel that this device and the maker share, after which the
 *   other members could not see this device's changes; undefined when there is no fork that is known
 */
function forkPointOf(
  { channelId, firstChannelId, commits, epoch, earlier, gone }: Readonly<ConversationRecord>,
  to: Uint8Array,
  supersedes: Supersedes,
): number | undefined {
  if (!equalBytes(channelId, supersedes.channelId)) {
    // Both channels replace the same one: all that was done in the present one is unknown there.
    const replaced = toHex(supersedes.channelId);
    if (earlier?.includes(replaced) || replaced === toHex(firstChannelId)) return 0;
    return gone?.channelId === toHex(to) ? gone.n : undefined;
  }
  const shared = lastSharedEpoch(supersedes.commits, commits) ??
    (cameAfter(commits, Number(supersedes.lastEpoch)) ? 0 : undefined);
  return shared === epoch && shared === Number(supersedes.lastEpoch) ? undefined : shared;
}

/**
 * Moves the conversation into the entry's channel. Adds a line for the move, and a line for each difference
 * between the two groups. What the other members could not see is said again, and additions and removals are made
 * again.
 *
 * @param since the fork point, if there is one. A device that was out repeats nothing
 */
async function move(
  { context, unit, entry }: EntryContext,
  conversation: ConversationTransaction,
  state: GroupState,
  made: Pick<PendingCommit, "commitId" | "S">,
  by: string,
  since: number | undefined | "was-out",
): Promise<void> {
  const { mls, account } = context;
  const { name, data, supersedes } = mls.info(state);
  const toResend = since === "was-out" ? [] : await ownMessagesAfter(context, conversation, since);
  const redo = typeof since === "number"
    ? await membershipChangesAfter(context, unit, conversation, since, accountsOf(mls.members(state)))
    : undefined;
  const before = {
    name: conversation.record.name,
    data: conversation.record.data,
    members: conversation.record.members,
    ...(isIn(conversation.record) && conversation.state?.active && { devices: mls.members(conversation.state) }),
  };
  conversation.moveTo(
    new Uint8Array(entry.channelId),
    state,
    { hereMs: account.clock.now(), serverMs: entry.receivedMs },
    toHex(entry.id),
    toHex(supersedes!.channelId),
  );
  await noteEpoch(context, unit, conversation, state, made, true);
  conversation.notice("successor", { by, reason: supersedes!.reason }, entry.receivedMs);
  for (const { notice, values } of membershipDiff(before, { name, data, devices: mls.members(state) })) {
    conversation.notice(notice, values, entry.receivedMs);
  }
  if (redo) conversation.set({ redo: redoBoth(conversation.record.redo, redo) });
  unit.delete("epochs", keys.ownChanges(conversation.id));
  unit.delete("epochs", keys.othersAdditions(conversation.id));
  await storeForResend(context, unit, conversation, toResend);
  unit.onceStored(() => context.events.emit("moved", conversation.id, toResend));
}
