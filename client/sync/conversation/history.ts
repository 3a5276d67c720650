/** The history of conversations, for the views: its pages, and what was read of it. */

import type { TimelinePage } from "../../api/engine_api.ts";
import type { ConversationStore } from "./conversation_store.ts";
import { itemOf } from "./projection.ts";

const defaultPage = 50;
const longestPage = 200;

/** Gives the lines of a conversation as items, page by page, and marks it as read. */
export class History {
  readonly #conversations: ConversationStore;

  constructor(conversations: ConversationStore) {
    this.#conversations = conversations;
  }

  /** @param before an `order`: only items before it */
  async page(chatId: string, before?: string, limit: number = defaultPage): Promise<TimelinePage> {
    const wanted = Math.max(1, Math.min(limit, longestPage));
    const found = await this.#conversations.lines(chatId, before, wanted + 1);
    const more = found.length > wanted;
    const items = (more ? found.slice(1) : found).map(itemOf);
    return more ? { items, before: items[0].order } : { items };
  }

  async markRead(chatId: string): Promise<void> {
    if (!this.#conversations.get(chatId)?.record.unread) return;
    await this.#conversations.update(async (unit) => {
      const conversation = await unit.conversation(chatId);
      if (conversation && conversation.record.unread > 0) conversation.set({ unread: 0 });
    });
  }
}
