/**
 * What this device does once the server's data was restored from a backup (docs/decisions/023).
 *
 * The server has lost what it took after the backup, unless a recipient had fetched it. So this device resends its
 * own messages since then. It also looks at once whether its groups went on without the server's knowledge.
 */

import { knownRestore, type Restore } from "../../account/restores.ts";
import { mapWithConcurrency } from "../../runtime/pool.ts";
import type { OutboxRecord } from "../conversation/records.ts";
import { messagesToResend, storeForResend } from "../send/resend.ts";
import { serverState } from "../commits/server_member_list.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { desyncOf, isIn, isShown } from "../conversation/standing.ts";

/** Channels that are asked for at once. */
const channelsAtOnce = 4;

export interface RestoredNeeds {
  /** Sends messages once more. They are on disk. */
  resend(chatId: string, messages: OutboxRecord[]): void;
  /** The server has not been in this device's epoch. */
  serverBehind(chatId: string): Promise<void>;
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
  const { rpc, store, conversations: chats } = context;
  const known = await knownRestore(store);
  // A device that is here for the first time has said nothing yet.
  if (known !== undefined && restoredMs > 0) {
    const present = chats.all().filter(({ record }) => isIn(record) && isShown(record));
    for (const { id } of present) await resendSince(context, needs, id, restoredToMs);
    await mapWithConcurrency(present, channelsAtOnce, async ({ id, record }) => {
      if (desyncOf(record)) return;
      const server = await serverState(rpc, record.channelId);
      // An epoch is entered by the server's word alone: it has lost this one.
      if (!server || server.epoch < record.epoch) await needs.serverBehind(id);
    });
  }
}

async function resendSince(
  context: SyncContext,
  needs: RestoredNeeds,
  chatId: string,
  restoredToMs: number,
): Promise<void> {
  await context.conversations.update(async (unit) => {
    const conversation = await unit.conversation(chatId);
    if (!conversation || !isIn(conversation.record)) return;
    const said = await messagesToResend(
      context,
      conversation,
      conversation.record.members,
      ({ atMs }) => atMs !== undefined && atMs >= restoredToMs,
    );
    storeForResend(unit, conversation, said);
    unit.afterCommit(() => needs.resend(chatId, said));
  });
}
