/** The pages of conversations in the engine in memory. */

import type { EngineApi, TimelineItem } from "../../client/api/engine_api.ts";
import type { FakeChat } from "./fake_chats.ts";

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const defaultPage = 50;

/** @param chats by chatId */
export function fakeHistory(
  chats: Map<string, FakeChat>,
): Pick<EngineApi, "timeline" | "timelineAround" | "timelineAfter"> {
  const itemsOf = (chatId: string) => chats.get(chatId)!.items;
  const firstFrom = (items: TimelineItem[], order: string) => {
    const index = items.findIndex((item) => item.order >= order);
    return index < 0 ? items.length : index;
  };
  const part = (items: TimelineItem[], start: number, end: number) => ({
    items: items.slice(start, end),
    ...(start > 0 && { before: items[start].order }),
    ...(end < items.length && { after: items[end - 1].order }),
  });
  return {
    async timeline(chatId, before, limit = defaultPage) {
      const items = itemsOf(chatId);
      await pause(before ? 120 : 5);
      const end = before ? firstFrom(items, before) : items.length;
      const { after: _other, ...page } = part(items, Math.max(0, end - limit), end);
      return page;
    },
    async timelineAfter(chatId, after, limit = defaultPage) {
      const items = itemsOf(chatId);
      await pause(120);
      const start = items.findIndex(({ order }) => order > after);
      if (start < 0) return { items: [] };
      const { before: _other, ...page } = part(items, start, Math.min(items.length, start + limit));
      return page;
    },
    async timelineAround(chatId, place, limit = defaultPage) {
      const items = itemsOf(chatId);
      await pause(60);
      const wanted = "order" in place
        ? firstFrom(items, place.order)
        : items.findIndex(({ atMs }) => atMs >= place.atMs);
      const at = Math.min(wanted < 0 ? items.length : wanted, items.length - 1);
      if (at < 0) return { items: [] };
      const found = part(items, Math.max(0, at - (limit >> 1)), Math.min(items.length, at + 1 + (limit >> 1)));
      return { ...found, at: items[at].order };
    },
  };
}
