/**
 * What is said once more, with the same messageIds: who has read it skips it, and the server knows a repeat.
 * Needed where others were elsewhere when it was said (parting.ts), and where the server has lost what waited
 * for them (restored.ts).
 */

import { textContent } from "../../content/message_text.ts";
import { encodeMimiContent } from "../../content/mimi_content.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import { type ChatMember, type ItemRecord, keys, type OutboxRecord, type SentIn } from "../conversation/records.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import type { UnitOfWork } from "../conversation/unit_of_work.ts";

/** Lines of a conversation that are looked through, at most, and how many at once. */
const linesAtMost = 1_000;
const linesAtOnce = 100;

/** Puts them on disk; the outbox is told when they are there. */
export function storeForResend(unit: UnitOfWork, conversation: ConversationTransaction, said: OutboxRecord[]): void {
  for (const record of said) {
    unit.put("outbox", keys.item(conversation.id, record.order), record, { channelId: conversation.channelId });
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
  { store, account }: Pick<SyncContext, "store" | "account">,
  chatId: string,
  people: ChatMember[],
  isMissing: (sentIn: SentIn) => boolean,
  strangersNow: string[] = [],
): Promise<OutboxRecord[]> {
  const said: OutboxRecord[] = [];
  const againMs = account.clock.now();
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
        const { messageId, order, text, sentIn: { salt } } = item;
        said.unshift({
          chatId,
          messageId,
          order,
          kind: "message",
          content: encodeMimiContent(textContent(text, salt)),
          againMs,
          ...(strangers.size > 0 && { notFor: [...strangers] }),
        });
      }
    }
    if (page.length < linesAtOnce) break;
    before = page.at(-1)!.key;
  }
  return said;
}
