/**
 * What this device does once the server's data was restored from a backup (docs/decisions/023).
 *
 * The server has lost what it took after the backup, unless a recipient had fetched it. So this device resends its
 * own messages since then. It also looks at once whether its groups went on without the server's knowledge.
 */

import { delivery } from "../../../schema/rpc/methods.ts";
import { mapWithConcurrency } from "../../runtime/pool.ts";
import type { OutboxRecord } from "../conversation/records.ts";
import { messagesToResend, storeForResend } from "../send/resend.ts";
import { serverState } from "../commits/server_member_list.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { desyncOf, isIn, isShown } from "../conversation/standing.ts";

/** In the store "account": the restore that this device knows of, ms since the Unix epoch; 0 for none. */
const knownKey = "sync/restored";
/** Channels that are asked for at once. */
const channelsAtOnce = 4;

export interface RestoredNeeds {
  /** Sends messages once more. They are on disk. */
  resend(chatId: string, messages: OutboxRecord[]): void;
  /** The server has not been in this device's epoch. */
  serverBehind(chatId: string): Promise<void>;
}

/**
 * @returns when the server was last restored, as far as this device knows, ms since the Unix epoch; 0 for
 *   never. @throws StorageError
 */
export async function lastRestore({ store }: Pick<SyncContext, "store">): Promise<number> {
  return await store.get<number>("account", knownKey) ?? 0;
}

/** What `health` says about the server's last restore, both in ms since the Unix epoch; 0 for none. */
export interface Restore {
  restoredMs: number;
  restoredToMs: number;
}

/**
 * @returns the server's last restore if this device has not dealt with it yet. @throws StorageError,
 *   TransportError, WireError
 */
export async function newRestore({ rpc, store }: Pick<SyncContext, "rpc" | "store">): Promise<Restore | undefined> {
  const { restoredMs, restoredToMs } = await rpc.call(delivery.health, {});
  return await store.get<number>("account", knownKey) === restoredMs ? undefined : { restoredMs, restoredToMs };
}

/**
 * To be called when the backlog of a connection is through. @throws StorageError, TransportError, WireError;
 * then everything is done at the next connection
 */
export async function dealWithRestore(
  context: SyncContext,
  { restoredMs, restoredToMs }: Restore,
  needs: RestoredNeeds,
): Promise<void> {
  const { rpc, store, conversations: chats } = context;
  const known = await store.get<number>("account", knownKey);
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
  await store.write({ puts: [{ store: "account", key: knownKey, value: restoredMs }] });
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
