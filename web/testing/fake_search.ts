/** Search over the chats of the engine in memory, by the rules of the real one. */

import type { EngineApi, SearchHit, SearchOptions, SearchResult } from "../../client/api/engine_api.ts";
import { excerptOf } from "../../client/search/excerpt.ts";
import { matchOf, parseQuery } from "../../client/search/query.ts";
import type { FakeChat } from "./fake_chats.ts";

/** @returns the engine's search over these chats */
export function fakeSearching(chats: ReadonlyMap<string, FakeChat>): Pick<EngineApi, "search"> {
  return { search: (query, options) => Promise.resolve(hitsIn(chats, query, options)) };
}

/** @returns hits of all chats, newest first; `before` counts those of the pages before */
function hitsIn(
  chats: ReadonlyMap<string, FakeChat>,
  query: string,
  { chatId, limit = 20, before = "0", sender: wanted, sinceMs = 0, files }: SearchOptions = {},
): SearchResult {
  const terms = parseQuery(query);
  const all = [...chats].filter(([id]) => chatId === undefined || id === chatId).flatMap(([id, { items }]) =>
    items.flatMap((item): SearchHit[] => {
      if (item.kind !== "message" || item.deleted || terms.length === 0) return [];
      const { order, messageId, sender, own, atMs, text } = item;
      if ((wanted !== undefined && sender !== wanted) || atMs < sinceMs || (files && !item.attachments)) return [];
      const ranges = matchOf(terms, text, sender);
      return ranges ? [{ chatId: id, order, messageId, sender, own, atMs, ...excerptOf(text, ranges) }] : [];
    })
  ).sort((a, b) => b.atMs - a.atMs);
  const end = Number(before) + limit;
  const hits = all.slice(Number(before), end);
  return { hits, ...(end < all.length && { before: String(end) }), isComplete: true };
}
