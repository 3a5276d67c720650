/** What `recv` has not printed of a conversation. */

import type { ChatSummary, EngineApi, TimelineItem } from "../client/api/engine_api.ts";
import { arrivalOf } from "../client/sync/conversation/places.ts";

const pageSize = 200;
/** So many pages in which nothing is fresh, and nothing is a message of others, are looked through at least. */
const ownPages = 5;

/**
 * What came later can stand before what was printed: before own messages that wait, or that have their place already.
 * So what was printed is known by its arrival.
 *
 * @param printedUpTo the arrival (`arrivalOf`) of the newest item that was printed; "" for none
 * @returns the items that came since, in the order of the conversation
 * @throws EngineError L005
 */
export async function freshItems(
  engine: Pick<EngineApi, "timeline">,
  { chatId }: Pick<ChatSummary, "chatId">,
  printedUpTo: string,
): Promise<TimelineItem[]> {
  const isFresh = ({ order }: TimelineItem) => arrivalOf(order) > printedUpTo;
  const pages: TimelineItem[][] = [];
  let before: string | undefined;
  do {
    const page = await engine.timeline(chatId, before, pageSize);
    const fresh = page.items.filter(isFresh);
    pages.push(fresh);
    // Messages of others come in the order of their places.
    const isEnd = page.items.some((item) => item.kind === "message" && !item.own && !isFresh(item)) ||
      (fresh.length === 0 && pages.length >= ownPages);
    before = isEnd ? undefined : page.before;
  } while (before);
  return pages.reverse().flat();
}

/** @returns the newest arrival among items: what is printed up to from now on */
export function newestArrival(items: TimelineItem[]): string {
  return items.reduce((newest, { order }) => arrivalOf(order) > newest ? arrivalOf(order) : newest, "");
}
