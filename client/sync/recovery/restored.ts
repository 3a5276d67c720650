/**
 * Reacts to a restore of the server's data from a backup (docs/decisions/023).
 *
 * The server has lost all that it took after the backup, unless a recipient had fetched it. So this device
 * resends its own messages since then, and its request to leave. It also checks at once whether its groups are
 * ahead of the server.
 */

import { toHex } from "../../../schema/bytes.ts";
import { knownRestore, type Restore } from "../../account/restores.ts";
import { mapWithConcurrency } from "../../runtime/pool.ts";
import { type ConversationRecord, keys, type LineRecord, orderKey, seenForMs } from "../conversation/records.ts";
import { outboxFromStored, type OutboxRecord, type StoredOutbox } from "../conversation/outbox_record.ts";
import { messagesToResend, storeForResend } from "../send/resend.ts";
import { serverState } from "../commits/server_member_list.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import type { UnitOfWork } from "../conversation/unit_of_work.ts";
import { desyncOf, isIn, isShown } from "../conversation/standing.ts";

/** Channels that are asked for at once. */
const channelsAtOnce = 4;
const hourMs = 3_600_000;

/**
 * No message that is older is sent again, however far back the server claims to have gone. As long do receivers and the
 * server remember its id (specification §4.1, §4.2).
 */
const resendWithinMs = seenForMs;

/**
 * @param nowMs by this device's clock
 * @returns from when on own messages are sent again, in ms. The server's word counts between 30 days ago and now
 */
export function resendFrom({ restoredMs, restoredToMs }: Restore, nowMs: number): number {
  return Math.max(Math.min(restoredToMs, restoredMs, nowMs), nowMs - resendWithinMs);
}

export interface RestoredNeeds {
  /** Resends messages that are on disk. */
  resend(chatId: string, messages: OutboxRecord[]): void;
  /** The server has not been in this device's epoch. */
  serverBehind(chatId: string): Promise<void>;
  /** This device has left since the backup, so the group may have it again. */
  leftUnseen(chatId: string): void;
}

/**
 * Messages and groups. To be called when the backlog of a connection is through. @throws StorageError,
 * TransportError, WireError
 */
export async function dealWithRestore(
  context: SyncContext,
  { restoredMs, restoredToMs }: Restore,
  needs: RestoredNeeds,
): Promise<void> {
  const { account, rpc, store, conversations } = context;
  const known = await knownRestore(store);
  // A device that is here for the first time has said nothing yet.
  if (known !== undefined && restoredMs > 0) {
    const present = conversations.all().filter(({ record }) => isIn(record) && isShown(record));
    const sinceMs = resendFrom({ restoredMs, restoredToMs }, account.clock.now());
    // The server's time and this device's may differ by an hour without a word (specification §4.9).
    const hasLeft = ({ leftMs }: Readonly<ConversationRecord>) =>
      leftMs !== undefined && leftMs >= restoredToMs - hourMs;
    for (const { id, record } of conversations.all()) if (hasLeft(record)) needs.leftUnseen(id);
    for (const { id } of present) await resendSince(context, needs, id, sinceMs);
    await mapWithConcurrency(present, channelsAtOnce, async ({ id, record }) => {
      if (desyncOf(record)) return;
      const server = await serverState(rpc, record.channelId);
      // A device only enters an epoch by an entry of the server. So the server has lost this epoch.
      if (!server || server.epoch < record.epoch) await needs.serverBehind(id);
    });
  }
}

async function resendSince(
  context: SyncContext,
  needs: RestoredNeeds,
  chatId: string,
  sinceMs: number,
): Promise<void> {
  await context.conversations.update(async (unit) => {
    const conversation = await unit.conversation(chatId);
    if (!conversation || !isIn(conversation.record)) return;
    const nowMs = context.account.clock.now();
    const messages = await messagesToResend(
      context,
      conversation,
      // The time of the server's answer is its word, too.
      ({ atMs }, writtenMs) => atMs !== undefined && atMs >= sinceMs && writtenMs >= nowMs - resendWithinMs,
    );
    if (messages.length > 0) await noteResent(context, conversation, messages.length, nowMs);
    const leave = await sentLeave(context, unit, conversation);
    if (leave) messages.push(leave);
    await storeForResend(context, unit, conversation, messages);
    unit.onceStored(() => needs.resend(chatId, messages));
  });
}

/** A server can claim any number of restores: while nothing else happens in the conversation, one line says it. */
async function noteResent(
  { store }: SyncContext,
  conversation: ConversationTransaction,
  count: number,
  nowMs: number,
): Promise<void> {
  const newest = keys.line(conversation.id, orderKey(conversation.record.nextOrder - 1));
  const line = await store.get<LineRecord>("messages", newest);
  const values = { count: String(count) };
  if (line?.kind === "notice" && line.notice === "resent") conversation.change({ ...line, values, atMs: nowMs });
  else conversation.notice("resent", values, nowMs);
}

/**
 * @returns this device's leave request of the present epoch, the very bytes that were sent. Another request of the same
 *   epoch would be a second proposal to remove the same leaf
 */
async function sentLeave(
  { store }: SyncContext,
  unit: UnitOfWork,
  { id, record: { leaving, channelId, epoch } }: ConversationTransaction,
): Promise<OutboxRecord | undefined> {
  const stored = leaving ? await unit.read<StoredOutbox>(store, "epochs", keys.sentLeave(id)) : undefined;
  const request = stored && outboxFromStored(stored);
  const { sealed } = request ?? {};
  return sealed?.epoch === epoch && (sealed.channel ?? id) === toHex(channelId) ? request : undefined;
}
