/**
 * Deletes what a conversation shows from this device, in one unit of work: lines, their ids, and messages that wait to
 * be sent, or for their files. The group's own records stay, because the account is still a member, or may be asked to
 * come back.
 */

import { marksOf } from "./preferences.ts";
import type { ConversationTransaction } from "./conversation_transaction.ts";
import { outboxFromStored, type StoredOutbox } from "./outbox_record.ts";
import { isWaitingKey } from "./places.ts";
import { keys } from "./records.ts";
import type { SyncContext } from "./sync_context.ts";
import type { UnitOfWork } from "./unit_of_work.ts";

/** Records whose keys are read at once: memory never holds a long history. */
const keysAtOnce = 1_000;

/** The unit holds the chat's mutex: no line comes meanwhile. @throws StorageError */
export async function eraseChat(
  { store, events }: Pick<SyncContext, "store" | "events">,
  unit: UnitOfWork,
  conversation: ConversationTransaction,
): Promise<void> {
  const { id: chatId } = conversation;
  let newest = conversation.record.reading?.to ?? "";
  for await (const key of keysFrom(store, "messages", keys.line(chatId, ""))) {
    unit.delete("messages", key);
    const order = key.slice(chatId.length + 1);
    if (!isWaitingKey(order) && order > newest) newest = order;
  }
  // Ids by which later messages name a line, changes that wait for theirs, and first bytes of edited lines. What tells
  // a repeated message stays.
  for (const prefix of [keys.mimi(chatId, ""), keys.earlyChanges(chatId, ""), keys.edited(chatId, "")]) {
    for await (const key of keysFrom(store, "messageids", prefix)) unit.delete("messageids", key);
  }
  for (const { key, value } of await store.range<StoredOutbox>("outbox", keys.line(chatId, ""))) {
    const { kind, order } = outboxFromStored(value);
    if (kind === "leave") continue;
    unit.delete("outbox", key);
    unit.onceStored(() => events.emit("lineChanged", chatId, order, true));
  }
  // Their files are given up by the caller; after a crash nothing goes on with them.
  for (const { key } of await store.range("account", keys.uploads(chatId))) unit.delete("account", key);
  const { muted } = conversation.record.preferences ?? {};
  conversation.set({
    lastMessage: undefined,
    unread: 0,
    reading: { to: newest },
    unopened: undefined,
    // A mute is about what comes; a pin or an archive about what was there.
    preferences: muted && marksOf({ muted }).muted ? { muted } : undefined,
    cleared: true,
  });
  unit.onceStored(() => events.emit("erased", chatId));
}

async function* keysFrom(
  store: SyncContext["store"],
  name: "messages" | "messageids",
  prefix: string,
): AsyncGenerator<string> {
  let after: string | undefined;
  while (true) {
    const page = await store.keys(name, prefix, { limit: keysAtOnce, ...(after !== undefined && { after }) });
    yield* page;
    if (page.length < keysAtOnce) return;
    after = page.at(-1);
  }
}
