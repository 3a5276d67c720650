/**
 * Successor channels (specification §3.5): when all honest members refuse the commit that the server took, or
 * the server has gone back in time, an admin makes a fresh channel that goes on from the last epoch that they
 * share. The conversation keeps its place, history, title and roles.
 *
 * | rule | what it refuses |
 * |---|---|
 * | GRP-5.1 | a successor whose last common epoch and transcript hash are not of the history that this device has, unless the two histories parted in an epoch that both have been in |
 * | GRP-5.2 | a successor that no admin of the group that it goes on from has signed |
 * | GRP-5.3 | a successor of another kind or name, with accounts that were not in the group, or with admins that were none; of a chat of two, one with anybody else |
 * | GRP-5.4 | a successor of a channel that the conversation has left already: the first wins, and of two made at the same time the one with the smaller channelId |
 *
 * Where this device has not seen all that came before the move (it was out, behind, or missed a move), the
 * group may have changed by right: then accounts, admins and name may differ, as an admin's commit can make
 * them differ at any time, and each difference is a line in the conversation. Every move writes those lines.
 */

import { type Bytes, concat, equalBytes, fromHex, toHex, u64, utf8 } from "../../../schema/bytes.ts";
import { signEd25519, verifyEd25519 } from "../../../schema/ed25519.ts";
import { codeName, ErrorCode } from "../../../schema/rpc/errors.ts";
import type { Entry } from "../../../schema/rpc/methods.ts";
import { EngineError } from "../../api/errors.ts";
import type { GroupInfo, GroupState, JoinResult, Member, PendingCommit, Supersedes } from "../../mls/group.ts";
import type { Committer } from "../commits/committer.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import { mapWithConcurrency } from "../../runtime/pool.ts";
import { accountsOf, membershipDiff } from "../conversation/membership_diff.ts";
import { cameAfter, commitHistory, lastSharedEpoch, membershipChangesAfter, ownMessagesAfter } from "./fork_point.ts";
import { epochHistory, noteEpoch, type PastEpoch } from "../conversation/epoch_history.ts";
import type { People } from "../membership/people.ts";
import { type ChatRecord, type CommitPlan, keys, type OutboxRecord, togetherMs } from "../conversation/records.ts";
import { storeForResend } from "../send/resend.ts";
import type { InboxEvents, SyncContext } from "../conversation/sync_context.ts";
import type { UnitOfWork } from "../conversation/unit_of_work.ts";
import { desyncOf, isIn, isShown } from "../conversation/standing.ts";

/** Calls for KeyPackages that are under way at once. */
const devicesAtOnce = 8;

type Joined = Extract<JoinResult, { kind: "processed" }>;

/** What a successor is held against. */
export interface ReplacementFacts {
  supersedes: Supersedes;
  info: GroupInfo;
  /** The account, as hex, whose device signed it; undefined when nobody of the old group did. */
  maker: string | undefined;
  /** Members of the successor. */
  members: Member[];
  old: Readonly<ChatRecord>;
  past: PastEpoch[];
}

/** GRP-5.1 to GRP-5.3. @returns the rule that is broken, or undefined */
export function judgeReplacement(
  { supersedes, info, maker, members, old, past }: ReplacementFacts,
): "GRP-5.1" | "GRP-5.2" | "GRP-5.3" | undefined {
  const lastEpoch = Number(supersedes.lastEpoch);
  // Of a channel that it has left, or never was in, this device has no history to hold it against.
  const present = equalBytes(old.channelId, supersedes.channelId);
  let parted = false;
  if (present && !desyncOf(old)) {
    // The epoch that took this device out has no hash here.
    const known = past.find(({ n, hash }) => n === lastEpoch && hash.some((byte) => byte !== 0));
    // A device that was behind, or out, or came later, has nothing to hold it against, and one that can not
    // follow its group is put back by any member's Welcome; one that has been there must have seen the same,
    // or have gone on from an epoch before it that both have been in: the server went back in time, and those
    // who had seen what it lost can not come here.
    parted = known
      ? !equalBytes(known.hash, supersedes.transcriptHash)
      : isIn(old) && lastEpoch <= old.epoch && !cameAfter(old.commits, lastEpoch);
    if (parted && (lastSharedEpoch(supersedes.commits, old.commits) ?? lastEpoch) >= lastEpoch) return "GRP-5.1";
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
  if (!present || !isIn(old) || parted || lastEpoch !== old.epoch) return undefined;
  const grown = accounts.some(({ accountKey, role }) =>
    roleOf(accountKey) === undefined || (role === "admin" && roleOf(accountKey) !== "admin")
  );
  return grown || info.name !== old.name ? "GRP-5.3" : undefined;
}

/** What the maker signs: which channel goes on from where. */
function signedBytes(
  channelId: Uint8Array,
  { channelId: superseded, lastEpoch, transcriptHash, firstChannelId, commits }: Supersedes,
): Uint8Array<ArrayBuffer> {
  return concat(
    utf8("qpq/1 successor"),
    channelId,
    superseded,
    u64(lastEpoch),
    transcriptHash,
    firstChannelId ?? superseded,
    ...(commits ? [commits] : []),
  );
}

/** @returns the extension with the maker's signature. @param seed 32 bytes: the private key of `maker` */
export async function signReplacement(
  channelId: Uint8Array,
  supersedes: Supersedes,
  maker: Bytes,
  seed: Uint8Array,
): Promise<Supersedes> {
  return { ...supersedes, maker, signature: await signEd25519(seed, signedBytes(channelId, supersedes)) };
}

/**
 * @returns the account of the chat, as hex, that the device is of, by its own list: for a device that has no
 *   state of the group any more
 */
async function listedIn(
  { account }: SyncContext,
  { members }: Readonly<ChatRecord>,
  device: Uint8Array,
): Promise<string | undefined> {
  for (const { accountKey } of members) {
    const known = await account.directory.byKey(fromHex(accountKey));
    if (known?.devices.devices.some(({ recipientKey }) => equalBytes(recipientKey, device))) return accountKey;
  }
  return undefined;
}

/**
 * @returns the account of the chat, as hex, that the device is of: by the group's state, or, where that is
 *   gone or older, by the account's own list
 */
export async function accountOf(context: SyncContext, chatId: string, device: Uint8Array): Promise<string | undefined> {
  const [state, record] = [await context.conversations.withState(chatId), context.conversations.get(chatId)?.record];
  const member = state?.active
    ? context.mls.members(state).find(({ recipientKey }) => equalBytes(recipientKey, device))
    : undefined;
  if (member) return toHex(member.credential.accountKey);
  return record && await listedIn(context, record, device);
}

/** @returns the account of the old group, as hex, whose device made this */
async function makerOf(
  context: SyncContext,
  conversation: ConversationTransaction,
  channelId: Uint8Array,
  supersedes: Supersedes,
): Promise<string | undefined> {
  const { mls } = context;
  const { maker, signature } = supersedes;
  if (!maker || !signature || !await verifyEd25519(maker, signature, signedBytes(channelId, supersedes))) {
    return undefined;
  }
  const member = conversation.state?.active
    ? mls.members(conversation.state).find(({ recipientKey }) => equalBytes(recipientKey, maker))
    : undefined;
  if (member) return toHex(member.credential.accountKey);
  // A device that came in after this one's state, or this one has none any more: the account's own list vouches for it.
  return await listedIn(context, conversation.record, maker);
}

/** GRP-5.4: whether a conversation that has moved already moves again. */
function comesFirst(
  record: Readonly<ChatRecord>,
  channelId: Uint8Array,
  { channelId: superseded }: Supersedes,
  receivedMs: number,
): boolean {
  // A device that was out of it, or whose Welcome was lost, may have missed the moves between.
  if (equalBytes(record.channelId, superseded) || !record.earlier?.includes(toHex(superseded))) return true;
  const together = record.superseded === toHex(superseded) && receivedMs - (record.movedMs ?? 0) < togetherMs;
  return together && toHex(channelId) < toHex(record.channelId);
}

export type ReplacementOutcome =
  | {
    kind: "moved";
    conversation: ConversationTransaction; /** It had left the conversation, or had been removed. */
    wasOut: boolean;
  }
  | { kind: "refused"; conversation: ConversationTransaction; code: string }
  | { kind: "unknown" };

/**
 * @returns the conversation that the channel says it goes on from: by the channel before it, or, for one who
 *   has missed moves, by the first
 */
async function conversationOf(
  { conversations: chats }: SyncContext,
  unit: UnitOfWork,
  { channelId, firstChannelId }: Supersedes,
): Promise<ConversationTransaction | undefined> {
  const superseded = toHex(channelId);
  const chatId = unit.chatOf(channelId) ?? chats.all().find(({ record }) => record.earlier?.includes(superseded))?.id;
  const conversation = chatId === undefined ? undefined : await unit.conversation(chatId);
  if (conversation || !firstChannelId) return conversation;
  const ofFirst = chats.all().filter(({ record }) => equalBytes(record.firstChannelId, firstChannelId));
  // Anybody can invite to a group that says it began there.
  const byFirst = (ofFirst.find(({ record }) => !record.invitation) ?? ofFirst[0])?.id;
  return byFirst === undefined ? undefined : await unit.conversation(byFirst);
}

/** A Welcome to a successor channel was opened: moves the conversation there if this is its successor. */
export async function followReplacement(
  context: SyncContext,
  events: InboxEvents,
  unit: UnitOfWork,
  entry: Entry,
  { info, adder, newState, S }: Joined,
): Promise<ReplacementOutcome> {
  const { mls, ownKey } = context;
  const { supersedes } = info;
  if (!supersedes) return { kind: "unknown" };
  const conversation = await conversationOf(context, unit, supersedes);
  if (!conversation || !isShown(conversation.record)) return { kind: "unknown" };
  const { record } = conversation;
  const maker = await makerOf(context, conversation, entry.channelId, supersedes);
  const wasOut = !isIn(record);
  const missed = !equalBytes(record.channelId, supersedes.channelId) &&
    !record.earlier?.includes(toHex(supersedes.channelId));
  const code = judgeReplacement({
    supersedes,
    info,
    maker,
    members: mls.members(newState),
    old: record,
    past: await epochHistory(context, unit, conversation),
  });
  // What it has not seen may have made other admins: their group is no breach of a rule, but another conversation.
  if (code !== undefined) return wasOut || missed ? { kind: "unknown" } : { kind: "refused", conversation, code };
  if (!comesFirst(record, entry.channelId, supersedes, entry.receivedMs)) {
    return { kind: "refused", conversation, code: "GRP-5.4" };
  }
  const by = record.members.find(({ accountKey }) => accountKey === maker)?.username ?? adder.credential.username;
  const adderKey = toHex(adder.credential.accountKey);
  const accounts = accountsOf(mls.members(newState));
  const parted = wasOut ? undefined : partedAfter(conversation.record, supersedes);
  const redo = parted === undefined
    ? undefined
    : await membershipChangesAfter(context, unit, conversation, parted, accounts);
  await move(
    context,
    events,
    unit,
    conversation,
    entry,
    newState,
    { commitId: entry.id, S },
    by,
    wasOut ? [] : await ownMessagesAfter(context, conversation, parted, accounts),
  );
  if (redo) conversation.set({ redo });
  // GRP-7: taken back in by somebody whom it never met there, it is asked first.
  if (wasOut && adderKey !== ownKey && !record.members.some(({ accountKey }) => accountKey === adderKey)) {
    conversation.set({ invitation: true });
  }
  return { kind: "moved", conversation, wasOut };
}

/**
 * The server took the commit that makes this device's own successor: the conversation moves, unless it has
 * moved meanwhile.
 */
export async function adoptReplacement(
  context: SyncContext,
  events: InboxEvents,
  unit: UnitOfWork,
  candidate: ConversationTransaction,
  state: GroupState,
  { commitId, S }: PendingCommit,
  entry: Entry,
): Promise<void> {
  const main = await unit.conversation(candidate.record.succeeds!);
  const { supersedes } = context.mls.info(state);
  candidate.remove();
  if (
    !main || !isIn(main.record) || !supersedes ||
    !comesFirst(main.record, entry.channelId, supersedes, entry.receivedMs)
  ) {
    return;
  }
  await move(
    context,
    events,
    unit,
    main,
    entry,
    state,
    { commitId, S },
    context.account.username,
    await ownMessagesAfter(context, main, undefined, accountsOf(context.mls.members(state))),
  );
}

/**
 * @returns the epoch since which those who go on from the maker's could not see what this device did: the
 *   last that both have been in, unless it is the one that all go on from
 */
function partedAfter({ channelId, commits, epoch }: Readonly<ChatRecord>, supersedes: Supersedes): number | undefined {
  if (!equalBytes(channelId, supersedes.channelId)) return undefined;
  const shared = lastSharedEpoch(supersedes.commits, commits) ??
    (cameAfter(commits, Number(supersedes.lastEpoch)) ? 0 : undefined);
  return shared === epoch && shared === Number(supersedes.lastEpoch) ? undefined : shared;
}

/**
 * The conversation goes on in the entry's channel, with a line for the move and one for each difference to
 * what it was before.
 *
 * @param said is sent again there
 */
async function move(
  context: SyncContext,
  events: InboxEvents,
  unit: UnitOfWork,
  conversation: ConversationTransaction,
  entry: Entry,
  state: GroupState,
  made: Pick<PendingCommit, "commitId" | "S">,
  by: string,
  said: OutboxRecord[],
): Promise<void> {
  const { mls, account } = context;
  const { name, supersedes } = mls.info(state);
  const before = {
    name: conversation.record.name,
    members: conversation.record.members,
    ...(isIn(conversation.record) && conversation.state?.active && { devices: mls.members(conversation.state) }),
  };
  conversation.moveTo(
    new Uint8Array(entry.channelId),
    state,
    account.clock.now(),
    toHex(entry.id),
    toHex(supersedes!.channelId),
  );
  await noteEpoch(context, unit, conversation, state, made, true);
  conversation.notice("successor", { by, reason: supersedes!.reason }, entry.receivedMs);
  for (const { notice, values } of membershipDiff(before, { name, devices: mls.members(state) })) {
    conversation.notice(notice, values, entry.receivedMs);
  }
  unit.delete("epochs", keys.ownChanges(conversation.id));
  storeForResend(unit, conversation, said);
  unit.afterCommit(() => events.moved(conversation.id, said));
}

/**
 * Makes the successor of a chat's channel and resolves when the conversation has moved.
 *
 * @param reason "rejected-commit", "server-behind" or "state-lost"
 * @throws EngineError
 */
export async function createReplacement(
  context: SyncContext,
  committer: Committer,
  people: People,
  chatId: string,
  reason: string,
): Promise<void> {
  const { account, conversations: chats, mls } = context;
  const [chat, state] = [chats.get(chatId), await chats.withState(chatId)];
  if (
    !chat || !isIn(chat.record) || chat.record.epoch === 0 ||
    chats.all().some(({ record }) => record.succeeds === chatId)
  ) {
    return;
  }
  const { record } = chat;
  // Without a state of its own, what is remembered of the epoch will do: an admin whose device failed when
  // the server did must not be the end of the group.
  const past = await context.store.get<PastEpoch[]>("epochs", keys.pastEpochs(chatId)) ?? [];
  const transcriptHash = state ? mls.transcriptHash(state) : past.find(({ n }) => n === record.epoch)?.hash;
  if (!transcriptHash) return;
  const info = state ? mls.info(state) : infoOf(record, account.clock.now());
  const channelId = crypto.getRandomValues(new Uint8Array(32));
  const first = record.firstChannelId;
  const supersedes = await signReplacement(
    channelId,
    {
      channelId: record.channelId,
      lastEpoch: BigInt(record.epoch),
      transcriptHash,
      reason,
      commits: commitHistory(record.commits),
      ...(!equalBytes(first, record.channelId) && { firstChannelId: first }),
    },
    account.recipientKey,
    account.deviceSeed,
  );
  const add = await packagesOf(context, people, record, state && mls.members(state));
  const { name, kind, createdMs, roles } = info;
  const fresh = await mls.createGroup({
    channelId,
    keyPackage: await account.keyPackages.forOwnGroup(),
    info: { name, kind, createdMs, roles, supersedes },
  });
  const {
    keptBytes: _kept,
    earlier: _earlier,
    superseded: _superseded,
    serverDiffers: _differs,
    ...kept
  } = record;
  const hidden: ChatRecord = {
    ...kept,
    channelId,
    standing: { kind: "pending" },
    succeeds: chatId,
    epoch: 0,
    epochSinceMs: account.clock.now(),
    ownSent: 0,
    commits: [],
    nextOrder: 0,
    unread: 0,
  };
  await chats.update(async (unit) => {
    const conversation = await unit.create(hidden);
    conversation.start(fresh);
    await committer.prepare(conversation, { purpose: "create", add, remove: [] }, 0);
  });
  await committer.sendPrepared(toHex(channelId));
}

function infoOf({ name, kind, members }: Readonly<ChatRecord>, nowMs: number): GroupInfo {
  return {
    name,
    kind,
    createdMs: nowMs,
    roles: Object.fromEntries(
      members.filter(({ role }) => role === "admin").map(({ accountKey, role }) => [accountKey, role]),
    ),
  };
}

/**
 * KeyPackages of every other device that can be reached; one that has none comes in later, as any missing device does.
 *
 * @param members of the old group; without them, all devices of its accounts
 */
async function packagesOf(
  { account }: SyncContext,
  people: People,
  record: Readonly<ChatRecord>,
  members: Member[] | undefined,
): Promise<CommitPlan["add"]> {
  const present = members && new Set(members.map(({ recipientKey }) => toHex(recipientKey)));
  // The server takes no device that was revoked meanwhile, and one that came in its place must not be left behind.
  await account.directory.refresh(record.members.map(({ accountKey }) => fromHex(accountKey))).catch(() => {});
  const wanted = await Promise.all(record.members.map(async ({ accountKey }) => {
    const known = await account.directory.byKey(fromHex(accountKey));
    const others = known?.devices.devices.filter(({ recipientKey }) =>
      !equalBytes(recipientKey, account.recipientKey)
    ) ?? [];
    const before = others.filter(({ recipientKey }) => present?.has(toHex(recipientKey)) !== false);
    return (before.length > 0 ? before : others).map((device) => ({ known: known!, device }));
  }));
  const found = await mapWithConcurrency(
    wanted.flat(),
    devicesAtOnce,
    async ({ known, device }) =>
      await people.fetch(known, [device]).catch((error) => {
        if (isGone(error)) return [];
        throw error;
      }),
  );
  return found.flat();
}

function isGone(error: unknown): boolean {
  const code = error instanceof EngineError
    ? error.problem.code
    : error instanceof Error && "code" in error
    ? codeName(error.code as number)
    : "";
  return code === codeName(ErrorCode.unknownRecipient) || code === codeName(ErrorCode.noKeyPackageLeft);
}
