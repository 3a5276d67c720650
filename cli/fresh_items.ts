/** What `recv` has not printed of a conversation. */

import type { ChatSummary, EngineApi, TimelineItem } from "../client/api/engine_api.ts";

const pageSize = 200;

/**
 * @param printedUpTo the place of the newest item that was printed; "" for none
 * @returns the items behind that place, and messages that came late into a place before it; oldest first
 * @throws EngineError L005
 */
export async function freshItems(
  engine: Pick<EngineApi, "timeline">,
  { chatId, unreadFrom }: Pick<ChatSummary, "chatId" | "unreadFrom">,
  printedUpTo: string,
): Promise<TimelineItem[]> {
  const isFresh = (item: TimelineItem) => item.order > printedUpTo || (item.kind === "message" && item.late === true);
  const from = unreadFrom !== undefined && unreadFrom < printedUpTo ? unreadFrom : printedUpTo;
  const pages: TimelineItem[][] = [];
  let before: string | undefined;
  do {
    const page = await engine.timeline(chatId, before, pageSize);
    pages.push(page.items.filter(isFresh));
    before = page.items.length > 0 && page.items[0].order > from ? page.before : undefined;
  } while (before);
  return pages.reverse().flat();
}
