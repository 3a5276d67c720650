/**
 * The people who are typing in a conversation. Each sign counts for some seconds, or until that person's
 * message arrives, or until the connection is lost.
 */

import { createSignal, onCleanup } from "solid-js";
import type { TimelineItem } from "../../client/api/engine_api.ts";
import type { App } from "./app.ts";

/** While a person types, a sign arrives every 4 s. */
export const typingShownMs = 6_000;

/** @returns usernames, the earliest first, for the lifetime of the owning component */
export function createTyping(app: App, chatId: string): () => string[] {
  const [writing, setWriting] = createSignal<string[]>([]);
  const timers = new Map<string, ReturnType<typeof setTimeout>>();

  function end(username: string): void {
    clearTimeout(timers.get(username));
    if (timers.delete(username)) setWriting((known) => known.filter((other) => other !== username));
  }

  function begin(username: string): void {
    clearTimeout(timers.get(username));
    if (!timers.has(username)) setWriting((known) => [...known, username]);
    timers.set(username, setTimeout(end, typingShownMs, username));
  }

  const takeItems = (items: TimelineItem[]) => items.forEach((item) => item.kind === "message" && end(item.sender));
  onCleanup(app.listenTyping(chatId, begin));
  onCleanup(app.listenTimeline(chatId, takeItems));
  onCleanup(() => timers.forEach((timer) => clearTimeout(timer)));
  // Without a connection it is unknown who is typing.
  return () => app.connection().kind === "connected" ? writing() : [];
}
