/** Merges the engine's reports about one conversation into one ordered list of items. Pure. */

import type { TimelineItem } from "../../client/api/engine_api.ts";

/**
 * A sender chooses the messageId, and each has ids of its own. So the sender is in the key; no username is empty.
 *
 * @returns the key that stays the same when an item is reported again
 */
export function itemKey(item: TimelineItem): string {
  return item.kind === "message" ? `${item.own ? "" : item.sender}/${item.messageId}` : `notice/${item.order}`;
}

const byOrder = (a: TimelineItem, b: TimelineItem) => (a.order < b.order ? -1 : a.order > b.order ? 1 : 0);

/**
 * Puts new and changed items into the list.
 *
 * @param items ordered; not changed
 * @param news in any order; may repeat items, with another state or another order
 * @returns the ordered list, the same one when nothing changed
 */
export function mergeItems(items: TimelineItem[], news: TimelineItem[]): TimelineItem[] {
  if (news.length === 0) return items;
  const changed = new Map(news.map((item) => [itemKey(item), item]));
  const kept = items.filter((item) => !changed.has(itemKey(item)));
  const sorted = [...changed.values()].sort(byOrder);
  // The common case, new items at the end, needs no sorting of thousands.
  const last = kept.at(-1);
  if (!last || byOrder(last, sorted[0]) < 0) return [...kept, ...sorted];
  return [...kept, ...sorted].sort(byOrder);
}

/**
 * What is shown already is changed wherever it stands now. If an own message gets its place before all that is loaded,
 * it leaves the list, and comes with its page.
 *
 * @param items ordered: what is loaded, while older items exist
 * @returns the items and the news that belong to what is loaded
 */
export function withinShown(
  items: TimelineItem[],
  news: TimelineItem[],
): { kept: TimelineItem[]; news: TimelineItem[] } {
  const within = withinLoaded(items, news);
  if (within.length === news.length) return { kept: items, news };
  const gone = new Set(news.filter((item) => !within.includes(item)).map(itemKey));
  const kept = items.filter((item) => !gone.has(itemKey(item)));
  return { kept: kept.length === items.length ? items : kept, news: within };
}

/**
 * A changed item from before the loaded ones would stand at the top as if nothing lay between.
 *
 * @param items ordered: what is loaded, while older items exist
 * @returns the news without what is older than all of `items`
 */
function withinLoaded(items: readonly TimelineItem[], news: TimelineItem[]): TimelineItem[] {
  const oldest = items.at(0);
  return oldest ? news.filter((item) => byOrder(oldest, item) <= 0) : news;
}

/** @param items ordered @returns the index of the first item at a place or behind it; the number of items for none */
function indexFrom(items: readonly TimelineItem[], order: string): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (items[middle].order < order) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** @param items ordered @returns the item at a place */
export function itemAt(items: readonly TimelineItem[], order: string): TimelineItem | undefined {
  const item = items[indexFrom(items, order)];
  return item?.order === order ? item : undefined;
}

/** @returns the item of the message that a reply answers; undefined where it is not loaded */
export function answeredItem(
  items: readonly TimelineItem[],
  { order, messageId }: { order?: string; messageId?: string },
): TimelineItem | undefined {
  const item = order === undefined ? undefined : itemAt(items, order);
  if (item || messageId === undefined) return item;
  // Only an own message moves: it was answered before it had its place here.
  return items.find((other) => other.kind === "message" && other.own && other.messageId === messageId);
}

/** Sorts after all orders of the engine: for a message that the engine has not taken yet. */
export function optimisticOrder(count: number): string {
  return `\uffff${String(count).padStart(8, "0")}`;
}

/**
 * @returns whether an item is shown before the engine has stored it. Closing the page now could lose it, so
 *   it must not look safe
 */
export function isUnsaved(item: TimelineItem): boolean {
  return item.order.startsWith("\uffff");
}

/** @returns whether it is a message of another person: only those count as unread */
export function isOfOthers(item: TimelineItem): boolean {
  return item.kind === "message" && !item.own;
}

/**
 * @param items ordered
 * @returns the index of the first message of another person at a place or behind it; -1 where there is none
 */
export function firstOfOthers(items: readonly TimelineItem[], from: string): number {
  let index = indexFrom(items, from);
  while (index < items.length && !isOfOthers(items[index])) index++;
  return index < items.length ? index : -1;
}
