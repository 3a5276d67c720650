/**
 * What is said once more, with the same messageIds: who has read it skips it, and the server knows a repeat.
 * Needed where others were elsewhere when it was said (parting.ts), and where the server has lost what waited
 * for them (restored.ts).
 */

import { type Bytes, toHex } from "../../../schema/bytes.ts";
import { textKind } from "../../content/kinds/text.ts";
import { accountUri, mimiMessageId, roomUri } from "../../content/message_id.ts";
import { encodeMimiContent } from "../../content/mimi_content.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import type { MessageItem } from "../conversation/message_item.ts";
import {
  type ChatMember,
  type ItemRecord,
  keys,
  type OutboxRecord,
  outboxToStored,
  type SeenRecord,
  type SentIn,
} from "../conversation/records.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import type { UnitOfWork } from "../conversation/unit_of_work.ts";

/** Lines of a conversation that are looked through, at most, and how many at once. */
const linesAtMost = 1_000;
const linesAtOnce = 100;

/** Puts them on disk; the outbox is told when they are there. */
export function storeForResend(unit: UnitOfWork, conversation: ConversationTransaction, said: OutboxRecord[]): void {
  for (const record of said) {
    unit.put("outbox", keys.item(conversation.id, record.order), outboxToStored(record), {
      channelId: conversation.channelId,
    });
  }
}

/**
 * @param people who is in the group now, and who was when these lines were written
 * @param isMissing whether what was sent so may not have reached everybody
 * @param strangersNow those, as hex, who were not in the group after its last line
 * @returns this device's own messages of the newest lines, oldest first. Who was not in the group at a line
 *   was not to read it then, and is not now
 */
export async function messagesToResend(
  context: Pick<SyncContext, "store" | "account">,
  { id: chatId, record }: Pick<ConversationTransaction, "id" | "record">,
  people: ChatMember[],
  isMissing: (sentIn: SentIn) => boolean,
  strangersNow: string[] = [],
): Promise<OutboxRecord[]> {
  const { store, account } = context;
  const said: OutboxRecord[] = [];
  const resendSinceMs = account.clock.now();
  const strangers = new Set(strangersNow);
  let before: string | undefined;
  for (let lines = 0; lines < linesAtMost; lines += linesAtOnce) {
    const page = await store.range<ItemRecord>("messages", `${chatId}/`, {
      reverse: true,
      limit: linesAtOnce,
      ...(before !== undefined && { before }),
    });
    for (const { value: item } of page) {
      if (item.kind === "notice") {
        const about = people.find(({ username }) => username === item.values.who);
        // Seen from the newest line backwards.
        if (about && item.notice === "added") strangers.add(about.accountKey);
        if (about && (item.notice === "removed" || item.notice === "left")) strangers.delete(about.accountKey);
      } else if (item.sentIn !== undefined && !item.deleted && isMissing(item.sentIn)) {
        const { messageId, order } = item;
        const content = await sentContent(context, chatId, record.firstChannelId, item);
        if (!content) continue;
        said.unshift({
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
  return said;
}

/**
 * @returns the bytes that were sent, the same under the same messageId; undefined where this device no longer
 *   has them. A record of before they were kept has its text and salt: they make the same bytes unless the text
 *   was edited since, and then the bytes lead to another message id than the one that is known
 */
async function sentContent(
  { store, account }: Pick<SyncContext, "store" | "account">,
  chatId: string,
  firstChannelId: Bytes,
  { content, text, order, sentIn }: MessageItem,
): Promise<Bytes | undefined> {
  if (content) return content;
  const { salt } = sentIn!;
  const rebuilt = encodeMimiContent(textKind.write({ text }, salt));
  const id = await mimiMessageId(accountUri(account.accountKey), roomUri(firstChannelId), rebuilt, salt);
  const known = await store.get<SeenRecord>("messageids", keys.mimi(chatId, toHex(id)));
  return known?.order === order ? rebuilt : undefined;
}
