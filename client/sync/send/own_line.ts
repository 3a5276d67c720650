/** The line of an own message that waits to be sent. */

import { type Bytes, toHex } from "../../../schema/bytes.ts";
import type { MessageContent } from "../../api/engine_api.ts";
import { accountUri, mimiMessageId, roomUri } from "../../content/message_id.ts";
import { encodeMimiContent, type MimiContent } from "../../content/mimi_content.ts";
import { accept } from "../conversation/acceptance.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import { expiresIn, ownStay } from "../conversation/expiry.ts";
import { keys, type SeenRecord } from "../conversation/records.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import type { UnitOfWork } from "../conversation/unit_of_work.ts";
import { markOwn } from "./outbox.ts";

/** What is sent, and what its line shows. */
export interface WrittenContent {
  content: MimiContent;
  shown: MessageContent;
}

/**
 * Puts the line behind all others, with the marks by which the message is known again. Its content gets the chat's
 * timer. An answer accepts an invitation. It marks nothing as read: what came while it was written was not seen.
 *
 * @param messageId 16 bytes as hex
 * @returns the line's place, the message's MIMI id as hex, and the content as it is sent
 */
export async function appendOwnLine(
  context: SyncContext,
  unit: UnitOfWork,
  conversation: ConversationTransaction,
  messageId: string,
  { content, shown }: WrittenContent,
): Promise<{ order: string; mimiId: string; bytes: Bytes }> {
  const { account, ownKey } = context;
  const { record } = conversation;
  const expires = expiresIn(record);
  const bytes = encodeMimiContent({ ...content, ...(expires && { expires }) });
  const room = roomUri(record.firstChannelId);
  const mimiId = toHex(await mimiMessageId(accountUri(account.accountKey), room, bytes, content.salt));
  const atMs = account.clock.now();
  const order = conversation.changes.appendWaiting({
    kind: "message",
    messageId,
    sender: account.username,
    senderKey: ownKey,
    own: true,
    ...shown,
    mimiId,
    ...ownStay(record),
    atMs,
    state: "waiting",
    content: bytes,
  });
  accept(context, unit, conversation);
  markOwn(unit, conversation.id, ownKey, messageId, { order, atMs, of: mimiId });
  unit.put("messageids", keys.mimi(conversation.id, mimiId), { order, atMs } satisfies SeenRecord);
  return { order, mimiId, bytes };
}
