/**
 * Resends own messages under their original ids after a fork (reinit/fork_point.ts) or a restore of the
 * server (recovery/restored.ts). Receivers and the server deduplicate by id, so the bytes must be the
 * original ones.
 */

import { type Bytes, toHex } from "../../../schema/bytes.ts";
import type { NoticeKind } from "../../api/engine_api.ts";
import { textKind } from "../../content/kinds/text.ts";
import { accountUri, mimiMessageId, roomUri } from "../../content/message_id.ts";
import { encodeMimiContent } from "../../content/mimi_content.ts";
import type { SentAt } from "../conversation/device_history.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import type { MessageLine } from "../conversation/message_line.ts";
import { keys, type LineRecord, type SeenRecord, type SentIn } from "../conversation/records.ts";
import {
  outboxFromStored,
  type OutboxRecord,
  outboxToStored,
  type StoredOutbox,
} from "../conversation/outbox_record.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import type { UnitOfWork } from "../conversation/unit_of_work.ts";
import { sentChanges } from "./sent_changes.ts";

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
    const before = stored && outboxFromStored(stored);
    const record = {
      ...message,
      ...(before?.excludedAccounts && { excludedAccounts: before.excludedAccounts }),
      ...(before?.firstSent && { firstSent: before.firstSent }),
    };
    unit.put("outbox", key, outboxToStored(record), { channelId: conversation.storageId });
  }
}

/** Lines that say that a device came into the group. */
const comings: ReadonlySet<string> = new Set<NoticeKind>(["added", "device-added"]);

/**
 * Whether a device may have come with this line. One that was re-added has been there. But this device's own return
 * names no devices that came while it was out.
 */
function saysComing(line: LineRecord): boolean {
  return line.kind === "notice" &&
    (comings.has(line.notice) || (line.notice === "rejoined" && line.values.device === undefined));
}

/**
 * Data of an earlier version does not say since when devices are in the group, but its lines do: a message counts as
 * sent in the present epoch if nobody came after its line, and else as one that no present device was there for.
 *
 * @param isMissing whether a message sent there and then may not have reached every member. `writtenMs`: when it was
 *   written, by this device's clock
 * @returns this device's own messages of the newest lines, oldest first. Each names where it was sent first: a device
 *   that came later must not read it (GRP-6.8)
 */
export async function messagesToResend(
  context: Pick<SyncContext, "store" | "account">,
  { id: chatId, record }: Pick<ConversationTransaction, "id" | "record">,
  isMissing: (sentIn: SentIn, writtenMs: number) => boolean,
): Promise<OutboxRecord[]> {
  const { store, account } = context;
  const messages: OutboxRecord[] = [];
  const resendSinceMs = account.clock.now();
  const now = { channel: toHex(record.channelId), epoch: record.epoch };
  let noneCame = true;
  let before: string | undefined;
  for (let lines = 0; lines < linesAtMost; lines += linesAtOnce) {
    const page = await store.range<LineRecord>("messages", `${chatId}/`, {
      reverse: true,
      limit: linesAtOnce,
      ...(before !== undefined && { before }),
    });
    for (const { value: line } of page) {
      // The lines are read from the newest backwards.
      if (saysComing(line)) noneCame = false;
      if (line.kind !== "message" || line.sentIn === undefined || line.deleted) continue;
      if (!isMissing(line.sentIn, line.sentIn.writtenMs ?? line.atMs)) continue;
      const { messageId, order } = line;
      const content = await sentContent(context, chatId, record.firstChannelId, line);
      if (!content) continue;
      const firstSent = !record.devices && noneCame ? now : sentAt(chatId, line.sentIn);
      messages.unshift({ chatId, messageId, order, kind: "message", content, resendSinceMs, firstSent });
    }
    if (page.length < linesAtOnce) break;
    before = page.at(-1)!.key;
  }
  for (const { messageId, order, content, sentIn } of await sentChanges(store, chatId)) {
    if (!isMissing(sentIn, sentIn.writtenMs!)) continue;
    const firstSent = sentAt(chatId, sentIn);
    messages.push({ chatId, messageId, order, kind: "message", isChange: true, content, resendSinceMs, firstSent });
  }
  return messages;
}

/** @returns the channel and the epoch of a message that was sent */
export function sentAt(chatId: string, { channel = chatId, epoch }: Pick<SentIn, "channel" | "epoch">): SentAt {
  return { channel, epoch };
}

/**
 * An older record has text and salt, but no content. These rebuild the sent bytes, unless the text was edited
 * later. The message id shows that, because it is a hash of the bytes.
 *
 * @returns the bytes that were sent under the line's messageId; undefined where this device no longer has
 *   them
 */
export async function sentContent(
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
