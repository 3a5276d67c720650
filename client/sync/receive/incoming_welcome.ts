/**
 * A Welcome entry: joins a group, brings this device back, or moves a conversation into its replacement channel.
 *
 * It also decides whether the conversation is an invitation first (GRP-7).
 */

import { type Bytes, equalBytes, toHex } from "../../../schema/bytes.ts";
import type { Entry } from "../../../schema/rpc/methods.ts";
import type { SettingsContent } from "../../account/settings/settings_content.ts";
import { LocalCode } from "../../api/errors.ts";
import type { JoinResult } from "../../mls/group.ts";
import { acquaintances } from "../conversation/projection.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import { accountsOf, unseenChanges } from "../conversation/membership_diff.ts";
import { noteEpoch } from "../conversation/epoch_history.ts";
import type { ConversationMember, ConversationRecord } from "../conversation/records.ts";
import { codeOf, fallOutOfStep, refuse, remember } from "./rejection.ts";
import { compareWithServer } from "../commits/server_member_list.ts";
import { isKnownRevoked } from "../conversation/known_revoked.ts";
import { judgeOwnChat, type OwnChat } from "../membership/own_chats.ts";
import { followReplacement, type ReplacementOutcome } from "../reinit/follow_replacement.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { desyncOf, isIn } from "../conversation/standing.ts";
import type { EntryContext } from "../conversation/entry_context.ts";

/**
 * Joins by a Welcome. The chat is an invitation where its inviter is unknown to the account or to the chat, or
 * is a device that is known to be revoked (GRP-6.6), unless the account has taken that chat already (own_chats.ts).
 * Repeated and recorded Welcomes change nothing.
 *
 * @throws StorageError, TransportError when the directory could not be asked
 */
export async function receiveWelcome(received: EntryContext): Promise<void> {
  const { unit, entry } = received;
  const chatId = unit.chatOf(entry.channelId);
  // The conversation has moved from this channel to another, or claims so.
  if (chatId === undefined) return await receiveIntoNamed(received);
  const existing = await unit.conversation(chatId);
  // A repeat: this device joined with this very Welcome.
  if (
    existing && isIn(existing.record) &&
    existing.record.commits.some(({ n, commitId }) => n === entry.epoch && commitId === toHex(entry.id))
  ) return;
  // A last-resort KeyPackage opens its Welcome again and again. With a recorded Welcome, an attacker could
  // take this device back to an epoch that it has left, ratchets included. The mark stays when the chat ends,
  // because "removed" is only the server's word.
  if (existing && entry.epoch <= existing.record.epoch) {
    refuse(received, existing, {
      kind: "rejected",
      code: "GRP-7.3",
      reason: "a Welcome to an epoch that this device has been in or past",
    });
    return;
  }
  const live = existing !== undefined && isIn(existing.record) && desyncOf(existing.record) === undefined;
  const result = await openWelcome(received, live);
  if (result.kind !== "processed") {
    refuseWelcome(received, existing, live, result);
    return;
  }
  await enter(received, result, existing);
}

type Joined = Extract<JoinResult, { kind: "processed" }>;

/**
 * A Welcome to a channel that is one of those that a conversation has left. Those that this device was in stay closed,
 * and so do those of the conversation's line, where somebody of the conversation adds. But the maker of a replacement
 * names the channels before it, and can name that of any other group, so that the device would never come into it.
 */
async function receiveIntoNamed(received: EntryContext): Promise<void> {
  const { unit, entry: { channelId } } = received;
  const chatId = unit.chatThatLeft(channelId);
  const conversation = chatId === undefined ? undefined : await unit.conversation(chatId);
  if (!conversation) return;
  const named = toHex(channelId);
  const { firstChannelId, leftIn = [], earlier = [], members } = conversation.record;
  if (conversation.id === named || leftIn.some((left) => left.channelId === named)) return;
  const result = await openWelcome(received, false);
  if (result.kind !== "processed") return;
  const { info: { supersedes }, adder } = result;
  const first = supersedes ? supersedes.firstChannelId ?? supersedes.channelId : channelId;
  const adderKey = toHex(adder.credential.accountKey);
  if (equalBytes(first, firstChannelId) && members.some(({ accountKey }) => accountKey === adderKey)) return;
  conversation.set({ earlier: earlier.filter((channel) => channel !== named) });
  await enter(received, result, undefined);
}

/** Follows the group of an opened Welcome, or joins it. */
async function enter(
  received: EntryContext,
  result: Joined,
  existing: ConversationTransaction | undefined,
): Promise<void> {
  const { context: { account }, unit, entry } = received;
  for (const { store, key } of await account.keyPackages.consumed(result.keyPackageRef)) unit.delete(store, key);
  // A return into the conversation's present channel is no move.
  const returns = existing !== undefined && equalBytes(existing.record.channelId, entry.channelId);
  const move = returns ? { kind: "unknown" as const } : await followReplacement(received, result);
  if (move.kind === "unknown") await join(received, result, existing);
  else noteMove(received, move, result);
}

/**
 * Opens the Welcome with one of this device's KeyPackages.
 *
 * @param live whether this device follows the group already
 */
async function openWelcome(
  { context: { account: { keyPackages }, mls, trust }, entry }: EntryContext,
  live: boolean,
): Promise<JoinResult> {
  const open = async (candidates: Bytes[], live: boolean) =>
    await trust.during(() =>
      mls.joinFromWelcome({
        channelId: entry.channelId,
        n: BigInt(entry.epoch),
        header: entry.header,
        sealedWelcome: entry.body,
        candidates,
        live,
      })
    );
  // A re-add request may be carried out after the device was helped in another way. Then this Welcome was
  // requested, and the device's new leaf is in the tree.
  const asked = live ? await open(await keyPackages.requested(entry.channelId), false) : undefined;
  return asked?.kind === "processed" ? asked : await open(await keyPackages.candidates(entry.channelId), live);
}

/** The channel replaces another one: the conversation has moved there, or the rules forbid it. */
function noteMove(
  received: EntryContext,
  move: Exclude<ReplacementOutcome, { kind: "unknown" }>,
  result: Joined,
): void {
  const { context, unit, entry } = received;
  const { conversation } = move;
  if (move.kind === "refused") {
    const { code, due } = move;
    refuse(received, conversation, { kind: "rejected", code, reason: "no replacement of this conversation's channel" });
    if (due) {
      unit.onceStored(() =>
        context.events.emit("replacementRefused", conversation.id, new Uint8Array(entry.channelId), due)
      );
    }
    return;
  }
  noteLeafAge(context, conversation, result);
  if (move.wasOut) {
    const values = { who: context.account.username, by: result.adder.credential.username };
    conversation.notice("rejoined", values, entry.receivedMs);
  }
  unit.onceStored(() => context.events.emit("joined", conversation.id));
}

async function join(
  received: EntryContext,
  result: Joined,
  existing: ConversationTransaction | undefined,
): Promise<void> {
  const { context, unit, entry } = received;
  const { account, mls } = context;
  const before = existing?.record;
  if (existing && before && before.kind !== result.info.kind) {
    refuse(received, existing, {
      kind: "rejected",
      code: "GRP-2.6",
      reason: "a chat of two and a group never become each other",
    });
    return;
  }
  const revoked = await isKnownRevoked(context, result.adder.credential);
  const adderKey = toHex(result.adder.credential.accountKey);
  const own = before || revoked || adderKey === context.ownKey
    ? "no"
    : await judgeOwnChat(context, result.newState, adderKey);
  const members = accountsOf(mls.members(result.newState));
  const record = joinedRecord(context, entry, result, members, before, { inviterRevoked: revoked, own });
  const conversation = await unit.create(record, existing?.id);
  // The waiting plan is built again in the new state. For an invitation that the user has not accepted, it is
  // dropped.
  if (!record.invitation) conversation.restartPlan();
  else if (conversation.pending) conversation.setPending(undefined);
  conversation.enterEpoch(result.newState, account.clock.now(), toHex(entry.id), [], entry.receivedMs);
  noteLeafAge(context, conversation, result);
  // A device that is re-added keeps the hashes of the epochs it was in: by them it knows its group's history.
  await noteEpoch(context, unit, conversation, result.newState, { commitId: entry.id, S: result.S }, !existing);
  const by = result.adder.credential.username;
  if (before) {
    conversation.notice("rejoined", { who: account.username, by }, entry.receivedMs);
    for (const { notice, values } of unseenChanges(before, record, context.ownKey)) {
      conversation.notice(notice, values, entry.receivedMs);
    }
  } else if (result.info.kind === "direct") conversation.notice("created", { by }, entry.receivedMs);
  else conversation.notice("added", { who: account.username, by }, entry.receivedMs);
  compareWithServer(received, conversation, result.adder, {
    removed: [],
    added: [],
    membersHash: await mls.membersHash(result.newState),
  });
  unit.onceStored(() => context.events.emit("joined", conversation.id));
}

/** Another member can make the Welcome again: it did not open, or its path secret is of another tree. */
function canBeHelped(result: Exclude<JoinResult, Joined>): boolean {
  return result.kind === "unreadable" || result.code === "GRP-2.7";
}

/** The leaf of a joiner is as old as its KeyPackage, which may have lain on the server for weeks (GRP-6.4). */
function noteLeafAge(
  { account }: SyncContext,
  conversation: ConversationTransaction,
  { leafMadeMs }: Joined,
): void {
  conversation.set({ leafSinceMs: Math.min(leafMadeMs, account.clock.now()) });
}

function refuseWelcome(
  received: EntryContext,
  existing: ConversationTransaction | undefined,
  live: boolean,
  result: Exclude<JoinResult, Joined>,
): void {
  const { context, unit, entry } = received;
  if (!existing) {
    remember(received, toHex(entry.channelId), codeOf(result));
    unit.onceStored(() => {
      context.problem({
        code: LocalCode.hybridLayer,
        detail: `an invitation to a group was refused: ${codeOf(result)}`,
      });
      if (canBeHelped(result)) context.events.emit("welcomeLost", entry);
    });
  } else if (live && entry.epoch === existing.record.epoch + 1) {
    // The others got the commit to this epoch. The server was told to give this device a Welcome in its
    // place.
    fallOutOfStep(received, existing, result);
  } else if (desyncOf(existing.record)) {
    remember(received, existing.id, codeOf(result), existing);
  } else {
    refuse(received, existing, result);
    // An invitation back into a chat that this device has left. For the others it is a member.
    if (!isIn(existing.record) && canBeHelped(result)) {
      unit.onceStored(() => context.events.emit("welcomeLost", entry));
    }
  }
}

function joinedRecord(
  { account, ownKey, conversations }: SyncContext,
  entry: Entry,
  { info, adder, newState }: Joined,
  members: ConversationMember[],
  before: Readonly<ConversationRecord> | undefined,
  { inviterRevoked, own }: { inviterRevoked: boolean; own: OwnChat },
): ConversationRecord {
  const adderKey = toHex(adder.credential.accountKey);
  const peer = info.kind === "direct" ? members.find(({ accountKey }) => accountKey !== ownKey) : undefined;
  // Only an account that was in the chat may bring this device back without asking the user, because the chat goes
  // on here under its name and with its history. A channel's id is no proof of its group: the server alone decides
  // which Welcome comes with it.
  const isOfChat = adderKey === ownKey || before?.members.some(({ accountKey }) => accountKey === adderKey) !== false;
  // Who brings this device back into an invitation has not taken it: a member's device helps others by itself, and an
  // own one, too. What was taken on another device, the vault says (own_chats.ts).
  const accepted = !inviterRevoked && isOfChat &&
    (before ? !before.invitation : adderKey === ownKey || own === "proven" ||
      (info.kind === "direct" && isGuest(account.settings.content, adderKey)) ||
      acquaintances(conversations.all()).has(adderKey));
  return {
    v: 1,
    channelId: entry.channelId,
    firstChannelId: before?.firstChannelId ?? info.supersedes?.firstChannelId ?? info.supersedes?.channelId ??
      entry.channelId,
    kind: info.kind,
    name: info.name,
    ...(info.data && { data: info.data }),
    members,
    ...(peer && { peer: { username: peer.username, accountKey: peer.accountKey } }),
    standing: { kind: "member" },
    invitation: !accepted,
    ...(!accepted && { inviter: adderKey }),
    ...(!accepted && (inviterRevoked || !isOfChat || before?.needsAcceptance) && { needsAcceptance: true as const }),
    ...(inviterRevoked && { inviterRevoked }),
    ...(!accepted && before && (!before.invitation || before.taken) && { taken: true as const }),
    ...(!accepted && own === "named" && { onOtherDevices: true as const }),
    // A device that is re-added while it wants to leave still wants to leave.
    leaving: before !== undefined && isIn(before) && before.leaving,
    unread: before?.unread ?? 0,
    ...(before?.reading && { reading: before.reading }),
    ...(before?.lastMessage && { lastMessage: before.lastMessage }),
    ...(before?.aheadUntilMs !== undefined && { aheadUntilMs: before.aheadUntilMs }),
    ...(before?.devices && { devices: before.devices }),
    ...(before?.unopened && { unopened: before.unopened }),
    ...(before?.refusals && { refusals: before.refusals }),
    ...(!accepted && before?.invitedBytes !== undefined && { invitedBytes: before.invitedBytes }),
    ...(before?.earlier && { earlier: before.earlier }),
    ...(before?.superseded !== undefined && { superseded: before.superseded }),
    ...(before?.movedMs !== undefined && { movedMs: before.movedMs }),
    ...(before?.replaced && { replaced: before.replaced }),
    ...(before?.redo && { redo: before.redo }),
    ...(before?.leftIn && { leftIn: before.leftIn }),
    ...(before?.spoiled && { spoiled: before.spoiled }),
    ...(before?.preferences && { preferences: before.preferences }),
    ...(before?.cleared && isIn(before) && { cleared: before.cleared }),
    // A device that is put back into its chat changes nothing that people see.
    activityMs: before && isIn(before) ? before.activityMs : Math.max(before?.activityMs ?? 0, entry.receivedMs),
    nextOrder: before?.nextOrder ?? 0,
    ...(before?.places && { places: before.places }),
    epoch: Number(newState.epoch),
    epochSinceMs: entry.receivedMs,
    ownSent: 0,
    commits: before?.commits ?? [],
  };
}

/** Whether the account came by a contact link of this one. */
function isGuest({ guests }: Readonly<SettingsContent>, accountKey: string): boolean {
  return guests.some((guest) => toHex(guest.accountKey) === accountKey);
}
