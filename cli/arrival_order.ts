/** Orders the items of several conversations by their arrival at the server. */

import type { TimelineItem } from "../client/api/engine_api.ts";

export interface Conversation<Item extends Pick<TimelineItem, "atMs">> {
  /** hex */
  chatId: string;
  /** In the order of the conversation, which is kept. */
  items: Item[];
}

/**
 * @returns the items of all conversations in the order in which they reached the server, each conversation's
 *   own order kept; items of the same ms are ordered by the ids of the conversations, so that the result does
 *   not depend on the order of the input
 */
export function* inOrderOfArrival<Item extends Pick<TimelineItem, "atMs">>(
  conversations: Conversation<Item>[],
): Generator<{ chatId: string; item: Item }> {
  const open = conversations.filter(({ items }) => items.length > 0).map(({ chatId, items }) => ({
    chatId,
    items,
    at: 0,
  })).sort((a, b) => a.chatId < b.chatId ? -1 : 1);
  while (open.length > 0) {
    const next = open.reduce((first, other) => other.items[other.at].atMs < first.items[first.at].atMs ? other : first);
    yield { chatId: next.chatId, item: next.items[next.at] };
    next.at++;
    if (next.at === next.items.length) open.splice(open.indexOf(next), 1);
  }
}
