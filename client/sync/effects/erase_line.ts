/** Takes a message's line off this device, with all that says what was in it. */

import { fromHex, toHex } from "../../../schema/bytes.ts";
import { readContent } from "../../content/registry.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import { takeFromIndex } from "../conversation/expiry.ts";
import { mimiIdOf } from "../conversation/line_lookup.ts";
import { contentOf, type MessageLine } from "../conversation/message_line.ts";
import { newestMessage } from "../conversation/moved_line.ts";
import { outboxFromStored, type StoredOutbox } from "../conversation/outbox_record.ts";
import { changesPrefix, keys, type SeenRecord, type SentChangeRecord } from "../conversation/records.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import type { UnitOfWork } from "../conversation/unit_of_work.ts";

/** How many sent changes are read at once to find those of a line. */
const changesAtOnce = 200;

/**
 * Erases a line. Later changes of its message do nothing here; a quote of it finds nothing.
 *
 * @param line of the conversation that the unit holds
 * @throws StorageError
 */
export async function eraseLine(
  context: SyncContext,
  unit: UnitOfWork,
  conversation: ConversationTransaction,
  line: MessageLine,
): Promise<void> {
  const { events, store } = context;
  const { id: chatId } = conversation;
  const { order, atMs } = line;
  const id = await mimiIdOf(context, conversation, line);
  if (id !== undefined) {
    unit.put("messageids", keys.mimi(chatId, id), { order: "", atMs, erased: true, place: order } satisfies SeenRecord);
    if (hasOwnChanges(context, line)) await forgetChanges(context, unit, chatId, fromHex(id));
  }
  unit.delete("messageids", keys.edited(chatId, order));
  unit.delete("outbox", keys.line(chatId, order));
  takeFromIndex(unit, chatId, line);
  if (conversation.changes.erase(order)) conversation.set({ lastMessage: undefined });
  if (!conversation.record.lastMessage) {
    const newest = await newestMessage(store, conversation);
    if (newest) conversation.changes.preview(newest);
  }
  if (line.own) unit.onceStored(() => events.emit("lineChanged", chatId, order, true));
}

/** Whether this account may have changed it: an own text, or something of the account in what others wrote. */
function hasOwnChanges({ ownKey }: SyncContext, line: MessageLine): boolean {
  return (line.own && line.edited === true) || JSON.stringify(contentOf(line)).includes(ownKey);
}

/** What this device has sent, or is to send, to change the message: the text of an edit is in it. */
async function forgetChanges(
  { store, events }: SyncContext,
  unit: UnitOfWork,
  chatId: string,
  id: Uint8Array,
): Promise<void> {
  const isOfLine = (content: Uint8Array) => {
    const read = readContent(content);
    return read.kind === "read" && read.message.refersTo !== undefined && toHex(read.message.refersTo) === toHex(id);
  };
  for (const { value } of await store.range<StoredOutbox>("outbox", `${chatId}/`)) {
    const { isChange, content, order } = outboxFromStored(value);
    if (!isChange || !isOfLine(content)) continue;
    unit.delete("outbox", keys.line(chatId, order));
    unit.onceStored(() => events.emit("lineChanged", chatId, order, true));
  }
  const prefix = `${changesPrefix}${chatId}/`;
  let after: string | undefined;
  for (;;) {
    const page = await store.range<SentChangeRecord>("messageids", prefix, {
      limit: changesAtOnce,
      ...(after !== undefined && { after }),
    });
    for (const { key, value } of page) if (isOfLine(value.content)) unit.delete("messageids", key);
    if (page.length < changesAtOnce) return;
    after = page.at(-1)!.key;
  }
}
