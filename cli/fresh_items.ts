/** What `recv` has not printed of a conversation. */

import type { ChatSummary, EngineApi, TimelineItem } from "../client/api/engine_api.ts";
import { arrivalKey } from "../client/sync/conversation/places.ts";

const pageSize = 200;
/** So many pages in which nothing is fresh, and nothing is a message of others, are looked through at least. */
const ownPages = 5;

/**
 * What came later can stand before what was printed: before own messages that wait, or that have their place already.
 * So what was printed is known by its arrival. A message that came late into a place that was kept for it says so.
 *
 * @param printedUpTo the arrival (`arrivalKey`) of the newest item that was printed; "" for none
 * @returns the items that came since, in the order of the conversation
 * @throws EngineError L005
 */
export async function freshItems(
  engine: Pick<EngineApi, "timeline">,
  { chatId, unreadFrom }: Pick<ChatSummary, "chatId" | "unreadFrom">,
  printedUpTo: string,
): Promise<TimelineItem[]> {
  const isFresh = (item: TimelineItem) =>
    arrivalKey(item.order) > printedUpTo || (item.kind === "message" && item.late === true);
  const pages: TimelineItem[][] = [];
  let before: string | undefined;
  do {
    const page = await engine.timeline(chatId, before, pageSize);
    const fresh = page.items.filter(isFresh);
    pages.push(fresh);
    // Messages of others come in the order of their places.
    const isEnd = page.items.some((item) => item.kind === "message" && !item.own && !isFresh(item)) ||
      (fresh.length === 0 && pages.length >= ownPages);
    const reachesBack = unreadFrom === undefined || page.items.length === 0 || page.items[0].order <= unreadFrom;
    before = isEnd && reachesBack ? undefined : page.before;
  } while (before);
  return pages.reverse().flat();
}

/** @returns the newest arrival among items: what is printed up to from now on */
export function newestArrival(items: TimelineItem[]): string {
  return items.reduce((newest, { order }) => arrivalKey(order) > newest ? arrivalKey(order) : newest, "");
}
