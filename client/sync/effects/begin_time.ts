/** The time of messages that disappear begins when they are read (specification §7.10). */

import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import { laterClock, unreadForMs, unreadPrefix, type UnreadRecord, withEnd } from "../conversation/expiry.ts";
import { keys, type LineRecord } from "../conversation/records.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import type { UnitOfWork } from "../conversation/unit_of_work.ts";

/** How many entries of the index are read at once. */
const entriesAtOnce = 50;

/**
 * Begins the time of what was read, here or on another device of the account.
 *
 * @param isRead whether the line of this place was read
 * @param seenMs a time that is over for certain. Where the clocks are behind it, lines stay for long, until the clocks
 *   are right and {@link Disappearing} brings their ends nearer
 * @throws StorageError
 */
export async function beginTime(
  { account: { clock }, store, events }: Pick<SyncContext, "account" | "store" | "events">,
  unit: UnitOfWork,
  conversation: ConversationTransaction,
  isRead: (order: string) => boolean,
  seenMs: number = clock.reachedMs ?? 0,
): Promise<void> {
  const nowMs = laterClock(clock, seenMs) ?? seenMs + unreadForMs;
  const prefix = unreadPrefix(conversation.id);
  let after: string | undefined;
  for (;;) {
    const page = await store.range<UnreadRecord>("messageids", prefix, {
      limit: entriesAtOnce,
      ...(after !== undefined && { after }),
    });
    for (const { key, value: { order } } of page) {
      if (!isRead(order)) continue;
      const line = await store.get<LineRecord>("messages", keys.line(conversation.id, order));
      unit.delete("messageids", key);
      if (line?.kind !== "message") continue;
      conversation.change(withEnd(line, nowMs));
      unit.onceStored(() => events.emit("timed"));
    }
    if (page.length < entriesAtOnce) return;
    after = page.at(-1)!.key;
  }
}
