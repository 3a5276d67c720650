/**
 * The people who are typing in a conversation. Each sign counts for some seconds, or until that person's
 * message arrives, or until the connection is lost.
 */

import { createSignal, onCleanup } from "solid-js";
import type { TimelineItem } from "../../client/api/engine_api.ts";
import type { App } from "./app.ts";

/** While a person types, a sign arrives every 4 s. */
export const typingShownMs = 6_000;

/**
 * @param newest `order` of the conversation's newest line
 * @returns usernames, those who began first in front, for as long as the owning component lives
 */
export function createTyping(app: App, chatId: string, newest: () => string): () => string[] {
  const [writing, setWriting] = createSignal<string[]>([]);
  const timers = new Map<string, ReturnType<typeof setTimeout>>();
  /** The newest line when the person's last sign came. */
  const since = new Map<string, string>();

  function end(username: string): void {
    clearTimeout(timers.get(username));
    if (timers.delete(username)) setWriting((known) => known.filter((other) => other !== username));
  }

  function begin(username: string): void {
    clearTimeout(timers.get(username));
    if (!timers.has(username)) setWriting((known) => [...known, username]);
    since.set(username, newest());
    timers.set(username, setTimeout(end, typingShownMs, username));
  }

  function takeItems(items: TimelineItem[]): void {
    for (const item of items) {
      // A reaction or an edit changes an older line: that person may still be writing.
      if (item.kind === "message" && item.order > (since.get(item.sender) ?? "")) end(item.sender);
    }
  }

  onCleanup(app.listenTyping(chatId, begin));
  onCleanup(app.listenTimeline(chatId, takeItems));
  onCleanup(() => timers.forEach((timer) => clearTimeout(timer)));
  // Without a connection it is unknown who is typing.
  return () => app.connection().kind === "connected" ? writing() : [];
}
