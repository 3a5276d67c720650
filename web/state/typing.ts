/**
 * Who is writing in a conversation: each sign counts for some seconds, until that person's message is there,
 * or until the connection is gone.
 */

import { createSignal, onCleanup } from "solid-js";
import type { TimelineItem } from "../../client/api/engine_api.ts";
import type { App } from "./app.ts";

/** A sign comes every 4 s for as long as somebody writes. */
export const typingShownMs = 6_000;

/** @returns usernames, those who began first in front, for as long as the owning component lives */
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
  // Without a connection nobody knows.
  return () => app.connection().kind === "connected" ? writing() : [];
}
