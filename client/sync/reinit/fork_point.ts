/**
 * Finds the last epoch that two forked histories of one channel share, by comparing commit ids.
 *
 * Forks arise when a server is restored from an old backup. A replacement channel names the commits of its
 * maker's newest epochs (specification §3.5, docs/decisions/017). A commit is valid in one state alone, so
 * the same commit id means the same history up to there. After the fork point, a device that moves replays
 * its own messages and membership changes.
 */

import { type Bytes, concat, fromHex, toHex, u64 } from "../../../schema/bytes.ts";
import type { Member } from "../../mls/group.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import { accountsOf } from "../conversation/membership_diff.ts";
import {
  type ConversationMember,
  type ConversationRecord,
  keys,
  type OwnChange,
  rememberedCommits,
  togetherMs,
} from "../conversation/records.ts";
import type { OutboxRecord } from "../conversation/outbox_record.ts";
import { messagesToResend } from "../send/resend.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import type { UnitOfWork } from "../conversation/unit_of_work.ts";

type Commits = Readonly<ConversationRecord["commits"]>;

/** Bytes of one commit in {@link commitHistory}: u64 epoch ‖ commitId. */
const commitLength = 8 + 16;

/** @returns 24 bytes for each of the commits that made the newest epochs, oldest first */
export function commitHistory(commits: Commits): Bytes {
  return concat(...commits.map(({ n, commitId }) => concat(u64(BigInt(n)), fromHex(commitId))));
}

/**
 * @param history made by {@link commitHistory}
 * @param commits of this device
 * @returns the last epoch of both histories. A device that joined after the fork gets the epoch before its
 *   first. Undefined when no shared epoch is known
 */
export function lastSharedEpoch(history: Bytes | undefined, commits: Commits): number | undefined {
  const named = Array.from(
    { length: Math.floor((history?.length ?? 0) / commitLength) },
    (_, index) => history!.subarray(index * commitLength, (index + 1) * commitLength),
  );
  const known = new Set(named.map(toHex));
  const shared = commits.findLast((commit) => known.has(toHex(commitHistory([commit]))))?.n;
  if (shared !== undefined || commits.length === 0 || commits.length >= rememberedCommits) return shared;
  const [{ n: came }] = commits;
  return named.some((commit) => new DataView(commit.buffer, commit.byteOffset).getBigUint64(0) < came)
    ? came - 1
    : undefined;
}

/**
 * Whether a device came into the channel after an epoch. Then it has no history with which it could check a claim
 * about that epoch.
 */
export function cameAfter(commits: Commits, epoch: number): boolean {
  return commits.length < rememberedCommits && commits.every(({ n }) => n > epoch);
}

/**
 * @param since the fork point in the channel that the conversation leaves; undefined without a fork
 * @returns own messages that others may not have read: those sent in that channel since the fork point, and
 *   all of the last {@link togetherMs}, in which others may have moved already. A device of the replacement channel
 *   that was not in this one counts as later than all of them (GRP-6.8)
 */
export async function ownMessagesAfter(
  context: Pick<SyncContext, "store" | "account">,
  { id, record }: ConversationTransaction,
  since: number | undefined,
): Promise<OutboxRecord[]> {
  const left = toHex(record.channelId);
  const sinceMs = context.account.clock.now() - togetherMs;
  return await messagesToResend(
    context,
    { id, record },
    ({ channel = id, epoch, atMs }) =>
      (since !== undefined && channel === left && epoch >= since) || (atMs !== undefined && atMs >= sinceMs),
  );
}

/**
 * Notes the accounts that an own commit added or removed. @param left accounts that had asked to leave, as
 * hex
 */
export async function noteOwnChange(
  { store }: SyncContext,
  unit: UnitOfWork,
  conversation: ConversationTransaction,
  before: Member[],
  after: Member[],
  left: ReadonlySet<string>,
): Promise<void> {
  const accounts = [accountsOf(before), accountsOf(after)];
  const added = without(accounts[1], accounts[0]).map(({ accountKey }) => accountKey);
  const removed = without(accounts[0], accounts[1]).map(({ accountKey }) => accountKey).filter((accountKey) =>
    !left.has(accountKey)
  );
  if (added.length + removed.length === 0) return;
  const key = keys.ownChanges(conversation.id);
  const noted = await ownChanges(store, unit, conversation.id);
  unit.put("epochs", key, [...noted, { n: conversation.record.epoch, added, removed }].slice(-rememberedCommits), {
    channelId: conversation.storageId,
  });
}

/** What a commit does to an account is newer than what is still to be repeated of others' additions. */
export function dropRepeats(conversation: ConversationTransaction, before: Member[], after: Member[]): void {
  const accounts = [accountsOf(before), accountsOf(after)];
  const changed = new Set(
    [...without(accounts[1], accounts[0]), ...without(accounts[0], accounts[1])].map(({ username }) => username),
  );
  const { redo } = conversation.record;
  if (!redo?.others?.some((username) => changed.has(username))) return;
  conversation.set({ redo: { ...redo, others: redo.others.filter((username) => !changed.has(username)) } });
}

/** Notes the accounts that another member's commit has added. */
export async function noteOthersChange(
  { store }: SyncContext,
  unit: UnitOfWork,
  conversation: ConversationTransaction,
  before: Member[],
  after: Member[],
): Promise<void> {
  dropRepeats(conversation, before, after);
  const added = without(accountsOf(after), accountsOf(before));
  if (added.length === 0) return;
  const noted = await othersAdditions(store, unit, conversation.id);
  const all = [...noted, { n: conversation.record.epoch, added: added.map(({ accountKey }) => accountKey) }].slice(
    -rememberedCommits,
  );
  unit.put("epochs", keys.othersAdditions(conversation.id), all, { channelId: conversation.storageId });
}

async function othersAdditions(
  store: SyncContext["store"],
  unit: UnitOfWork,
  chatId: string,
): Promise<Pick<OwnChange, "n" | "added">[]> {
  return await unit.read<Pick<OwnChange, "n" | "added">[]>(store, "epochs", keys.othersAdditions(chatId)) ?? [];
}

async function ownChanges(store: SyncContext["store"], unit: UnitOfWork, chatId: string): Promise<OwnChange[]> {
  return await unit.read<OwnChange[]>(store, "epochs", keys.ownChanges(chatId)) ?? [];
}

/**
 * @param since epoch of the channel that the conversation leaves
 * @param accounts of the replacement channel
 * @returns the accounts that this device has added and removed since then, and those that other members have added,
 *   where the change still holds there and is missing in the replacement; undefined when there are none
 */
export async function membershipChangesAfter(
  { store }: SyncContext,
  unit: UnitOfWork,
  { id, record }: ConversationTransaction,
  since: number,
  accounts: ConversationMember[],
): Promise<ConversationRecord["redo"]> {
  const did = new Map<string, "added" | "removed">();
  for (const { n, added, removed } of await ownChanges(store, unit, id)) {
    if (n <= since) continue;
    for (const accountKey of added) did.set(accountKey, "added");
    for (const accountKey of removed) did.set(accountKey, "removed");
  }
  const names = (members: ConversationMember[], what: "added" | "removed") =>
    members.filter(({ accountKey }) => did.get(accountKey) === what).map(({ username }) => username);
  const byOthers = new Set(
    (await othersAdditions(store, unit, id)).filter(({ n }) => n > since).flatMap(({ added }) => added),
  );
  const others = without(record.members, accounts).filter(({ accountKey }) =>
    byOthers.has(accountKey) && !did.has(accountKey)
  ).map(({ username }) => username);
  const redo = {
    add: names(without(record.members, accounts), "added"),
    remove: names(without(accounts, record.members), "removed"),
    ...(others.length > 0 && { others }),
  };
  return redo.add.length + redo.remove.length + others.length > 0 ? redo : undefined;
}

/** What is still to be repeated, and what a further move has undone: the later change of an account counts. */
export function redoBoth(
  before: ConversationRecord["redo"],
  redo: NonNullable<ConversationRecord["redo"]>,
): NonNullable<ConversationRecord["redo"]> {
  const of = new Set([...redo.add, ...redo.remove]);
  const kept = (names: string[] = []) => names.filter((name) => !of.has(name));
  const others = [...new Set([...kept(before?.others), ...redo.others ?? []])];
  return {
    add: [...kept(before?.add), ...redo.add],
    remove: [...kept(before?.remove), ...redo.remove],
    ...(others.length > 0 && { others }),
  };
}

function without(members: ConversationMember[], others: ConversationMember[]): ConversationMember[] {
  return members.filter(({ accountKey }) => !others.some((other) => other.accountKey === accountKey));
}
