/**
 * The stretch of a conversation that the page holds: a run of items without a hole, of which the list draws those in
 * view. It is bounded, so that what a new message costs does not grow with how far the reader has scrolled. Pure.
 */

import type { TimelineItem } from "../../client/api/engine_api.ts";
import { isUnsaved, itemKey, mergeItems } from "./timeline_items.ts";

export interface Stretch {
  /** Ordered. */
  items: TimelineItem[];
  /** Names the page before; absent at the start of the conversation. */
  before?: string;
  /** Names the page behind; absent at its end. */
  after?: string;
}

/** Items that are loaded at once. */
export const pageItems = 60;
/** The most items that are held; beyond it, those at the far end are dropped. */
export const mostHeld = 1_500;
/** So many are left, when many are above a reader who is at the newest one. */
const heldAtRest = 4 * pageItems;
const mostAtRest = 3 * heldAtRest;

/** @returns the stretch with the page before it @param page ends where the stretch begins */
export function withOlder({ items, after }: Stretch, page: Stretch): Stretch {
  return stretchOf(mergeItems(page.items, items), page.before, after);
}

/** @returns the stretch with the page behind it @param page begins where the stretch ends */
export function withNewer({ items, before }: Stretch, page: Stretch): Stretch {
  return stretchOf(mergeItems(items, page.items), before, page.after);
}

/** @returns the stretch without the newest of too many items: a step of its own, so that one end changes at a time */
export function withoutNewest(stretch: Stretch): Stretch {
  const kept = stretch.items.slice(0, mostHeld);
  return kept.length === stretch.items.length ? stretch : stretchOf(kept, stretch.before, kept[mostHeld - 1].order);
}

/** @returns the stretch without the oldest of too many items */
export function withoutOldest(stretch: Stretch): Stretch {
  const kept = stretch.items.slice(-mostHeld);
  return kept.length === stretch.items.length ? stretch : stretchOf(kept, kept[0].order, stretch.after);
}

/** @returns the stretch of a reader at the newest item: many far above are dropped at once, but seldom */
export function atRest(stretch: Stretch): Stretch {
  const { items, after } = stretch;
  if (after !== undefined || items.length <= mostAtRest) return stretch;
  const kept = items.slice(-heldAtRest);
  return stretchOf(kept, kept[0].order, undefined);
}

/**
 * What is told of, put into the stretch. What is there already is changed wherever it stands now. What belongs before
 * or behind the stretch comes with its page: an own message that gets its place there leaves the stretch.
 */
export function withNews(stretch: Stretch, news: readonly TimelineItem[]): Stretch {
  const { items, before, after } = stretch;
  const [first, last] = [items.at(0)?.order, items.at(-1)?.order];
  const isBefore = ({ order }: TimelineItem) => before !== undefined && first !== undefined && order < first;
  const isBehind = ({ order }: TimelineItem) => after !== undefined && (last === undefined || order > last);
  const within = news.filter((item) => !isBefore(item) && !isBehind(item));
  const gone = new Set(news.filter((item) => isBefore(item) || isBehind(item)).map(itemKey));
  const kept = gone.size === 0 ? items : items.filter((item) => !gone.has(itemKey(item)));
  const merged = mergeItems(kept.length === items.length ? items : kept, within);
  return merged === items ? stretch : stretchOf(merged, before, after);
}

/**
 * What was told of while a page was read is newer than the page.
 *
 * @param page as it was read
 * @param upper the page ends before this place; undefined: where the conversation ends
 */
export function withHeard(page: Stretch, heard: readonly TimelineItem[], upper: string | undefined): Stretch {
  const lower = page.before === undefined ? "" : page.items.at(0)?.order ?? "";
  const known = new Set(page.items.map(itemKey));
  const isIn = ({ order }: TimelineItem) => order >= lower && (upper === undefined || order < upper);
  const moved = new Set(heard.filter((item) => known.has(itemKey(item)) && !isIn(item)).map(itemKey));
  const items = moved.size === 0 ? page.items : page.items.filter((item) => !moved.has(itemKey(item)));
  return { ...page, items: mergeItems(items, heard.filter(isIn)) };
}

/** @returns the stretch without the items at these places */
export function without(stretch: Stretch, orders: readonly string[]): Stretch {
  const gone = new Set(orders);
  return { ...stretch, items: stretch.items.filter(({ order }) => !gone.has(order)) };
}

/** @returns whether an item with this order is in the stretch */
export function holds({ items }: Stretch, order: string): boolean {
  return items.some((item) => item.order === order);
}

/** @returns the items that the engine does not have yet: they are in no page */
export function unsavedOf({ items }: Stretch): TimelineItem[] {
  return items.filter(isUnsaved);
}

function stretchOf(items: TimelineItem[], before: string | undefined, after: string | undefined): Stretch {
  return { items, ...(before !== undefined && { before }), ...(after !== undefined && { after }) };
}
