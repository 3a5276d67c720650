/** Reads pages of a conversation. What the engine tells of while it reads is newer, and goes before the page. */

import type { TimelineItem } from "../../client/api/engine_api.ts";
import { type Stretch, withHeard, without } from "./stretch.ts";
import { itemKey } from "./timeline_items.ts";

export interface PageReads {
  /** The engine has told of items. */
  heard(news: readonly TimelineItem[]): void;
  /** The engine has deleted the items at these places. */
  erased(orders: readonly string[]): void;
  /**
   * @param read asks the engine
   * @param upper the page ends before this place; undefined: its own end, or that of the conversation
   * @throws what `read` throws
   */
  read(read: () => Promise<Stretch>, upper?: string): Promise<Stretch>;
}

/** @returns reads of one conversation's pages */
export function createPageReads(): PageReads {
  const underWay = new Set<{ heard: Map<string, TimelineItem>; erased: string[] }>();
  return {
    heard(news) {
      for (const { heard } of underWay) for (const item of news) heard.set(itemKey(item), item);
    },
    erased(orders) {
      for (const { erased } of underWay) erased.push(...orders);
    },
    async read(read, upper) {
      const meanwhile = { heard: new Map<string, TimelineItem>(), erased: [] as string[] };
      underWay.add(meanwhile);
      try {
        const page = await read();
        const last = page.items.at(-1)?.order;
        // A page with others behind it ends with its last item.
        const end = upper ?? (page.after === undefined || last === undefined ? undefined : `${last}\0`);
        return without(withHeard(page, [...meanwhile.heard.values()], end), meanwhile.erased);
      } finally {
        underWay.delete(meanwhile);
      }
    },
  };
}
