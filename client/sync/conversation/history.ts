/** The history of conversations, for the views: its pages, and what was read of it. */

import type { TimelinePage } from "../../api/engine_api.ts";
import type { SealedStore } from "../../storage/sealed_store.ts";
import type { ConversationStore } from "./conversation_store.ts";
import { itemOf } from "./projection.ts";
import { afterReading } from "./reading.ts";

const defaultPage = 50;
const longestPage = 200;

/** Gives the lines of a conversation as items, page by page, and marks it as read. */
export class History {
  readonly #conversations: ConversationStore;
  readonly #store: SealedStore;

  constructor(conversations: ConversationStore, store: SealedStore) {
    this.#conversations = conversations;
    this.#store = store;
  }

  /** @param before an `order`: only items before it */
  async page(chatId: string, before?: string, limit: number = defaultPage): Promise<TimelinePage> {
    const wanted = Math.max(1, Math.min(limit, longestPage));
    const found = await this.#conversations.lines(chatId, before, wanted + 1);
    const more = found.length > wanted;
    const late = new Set(this.#conversations.get(chatId)?.record.reading?.late);
    const items = (more ? found.slice(1) : found).map((line) => {
      const item = itemOf(line);
      return item.kind === "message" && late.has(item.order) ? { ...item, late: true as const } : item;
    });
    return more ? { items, before: items[0].order } : { items };
  }

  /**
   * @param upTo the `order` of the newest item that the user has seen: nothing behind it is marked
   * @param since the `order` of the oldest item in view: what came late into a place before it stays unread
   */
  async markRead(chatId: string, upTo: string, since = ""): Promise<void> {
    if (!this.#conversations.get(chatId)?.record.unread) return;
    await this.#conversations.update(async (unit) => {
      const conversation = await unit.conversation(chatId);
      if (!conversation?.record.unread) return;
      const read = await afterReading(this.#store, chatId, conversation.record, upTo, since);
      if (read.unread !== conversation.record.unread) conversation.set(read);
    });
  }
}
