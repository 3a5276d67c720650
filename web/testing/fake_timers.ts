/** Disappearing messages of the engine in memory: their time is over when the test says so, by a message. */

import type { ChatSummary, MessageItem, TimelineItem } from "../../client/api/engine_api.ts";

/** Sent in a chat, it ends the time of all its messages that have one. */
const over = "time is over";

/** @returns what a message that is sent now has of the chat's timer */
export function timerOf({ timerMs }: ChatSummary): Partial<MessageItem> {
  return timerMs === undefined ? {} : { timerMs };
}

/** Takes messages out whose time is over. @param erased told of each by its `order` */
export function expire(
  { summary, items }: { summary: ChatSummary; items: TimelineItem[] },
  text: string,
  erased: (order: string) => void,
): void {
  if (text !== over) return;
  for (const item of items.filter((one) => one.kind === "message" && one.timerMs !== undefined)) {
    items.splice(items.indexOf(item), 1);
    erased(item.order);
  }
  const last = items.findLast((item) => item.kind === "message");
  summary.lastMessage = last && { text: last.text, sender: last.sender, atMs: last.atMs };
}
