/**
 * Resends own messages under their original ids after a fork (reinit/fork_point.ts) or a restore of the
 * server (recovery/restored.ts). Receivers and the server deduplicate by id, so the bytes must be the
 * original ones.
 */

import { type Bytes, toHex } from "../../../schema/bytes.ts";
import { textKind } from "../../content/kinds/text.ts";
import { accountUri, mimiMessageId, roomUri } from "../../content/message_id.ts";
import { encodeMimiContent } from "../../content/mimi_content.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import type { MessageLine } from "../conversation/message_line.ts";
import {
  type ConversationMember,
  keys,
  type LineRecord,
  outboxFromStored,
  type OutboxRecord,
  outboxToStored,
  type SeenRecord,
  type SentIn,
  type StoredOutbox,
} from "../conversation/records.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import type { UnitOfWork } from "../conversation/unit_of_work.ts";

/** How many lines of a conversation are searched at most, and how many at once. */
const linesAtMost = 1_000;
const linesAtOnce = 100;

/**
 * Writes the messages into the stored outbox. The caller hands them to the running outbox once they are on
 * disk. A message that waits to be resent already stays closed to whom it was closed before.
 *
 * @throws StorageError
 */
export async function storeForResend(
  { store }: Pick<SyncContext, "store">,
  unit: UnitOfWork,
  conversation: ConversationTransaction,
  messages: OutboxRecord[],
): Promise<void> {
  for (const message of messages) {
    const key = keys.line(conversation.id, message.order);
    const stored = await unit.read<StoredOutbox>(store, "outbox", key);
    const before = stored === undefined ? [] : outboxFromStored(stored).excludedAccounts ?? [];
    const excluded = [...new Set([...before, ...message.excludedAccounts ?? []])];
    const record = excluded.length > 0 ? { ...message, excludedAccounts: excluded } : message;
    unit.put("outbox", key, outboxToStored(record), { channelId: conversation.storageId });
  }
}

/**
 * @param people members of the group now, and at the time of the lines
 * @param isMissing whether a message sent there and then may not have reached every member
 * @param strangersNow account keys, as hex, of members that came after the last line
 * @returns this device's own messages of the newest lines, oldest first. An account that was not in the group
 *   at a line is excluded from that message
 */
export async function messagesToResend(
  context: Pick<SyncContext, "store" | "account">,
  { id: chatId, record }: Pick<ConversationTransaction, "id" | "record">,
  people: ConversationMember[],
  isMissing: (sentIn: SentIn) => boolean,
  strangersNow: string[] = [],
): Promise<OutboxRecord[]> {
  const { store, account } = context;
  const messages: OutboxRecord[] = [];
  const resendSinceMs = account.clock.now();
  const strangers = new Set(strangersNow);
  let before: string | undefined;
  for (let lines = 0; lines < linesAtMost; lines += linesAtOnce) {
    const page = await store.range<LineRecord>("messages", `${chatId}/`, {
      reverse: true,
      limit: linesAtOnce,
      ...(before !== undefined && { before }),
    });
    for (const { value: line } of page) {
      if (line.kind === "notice") {
        const about = people.find(({ username }) => username === line.values.who);
        // The lines are read from the newest backwards.
        if (about && line.notice === "added") strangers.add(about.accountKey);
        if (about && (line.notice === "removed" || line.notice === "left")) strangers.delete(about.accountKey);
      } else if (line.sentIn !== undefined && !line.deleted && isMissing(line.sentIn)) {
        const { messageId, order } = line;
        const content = await sentContent(context, chatId, record.firstChannelId, line);
        if (!content) continue;
        messages.unshift({
          chatId,
          messageId,
          order,
          kind: "message",
          content,
          resendSinceMs,
          ...(strangers.size > 0 && { excludedAccounts: [...strangers] }),
        });
      }
    }
    if (page.length < linesAtOnce) break;
    before = page.at(-1)!.key;
  }
  return messages;
}

/**
 * An older record has text and salt, but no content. These rebuild the sent bytes, unless the text was edited
 * later. The message id shows that, because it is a hash of the bytes.
 *
 * @returns the bytes that were sent under the line's messageId; undefined where this device no longer has
 *   them
 */
async function sentContent(
  { store, account }: Pick<SyncContext, "store" | "account">,
  chatId: string,
  firstChannelId: Bytes,
  { content, text, order, sentIn }: MessageLine,
): Promise<Bytes | undefined> {
  if (content) return content;
  const { salt } = sentIn!;
  const rebuilt = encodeMimiContent(textKind.write({ text }, salt));
  const id = await mimiMessageId(accountUri(account.accountKey), roomUri(firstChannelId), rebuilt, salt);
  const known = await store.get<SeenRecord>("messageids", keys.mimi(chatId, toHex(id)));
  return known?.order === order ? rebuilt : undefined;
}
