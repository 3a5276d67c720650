/** What the shortcuts of the whole page do. */

import { onCleanup, onMount } from "solid-js";
import { isComposing } from "../dom/composing.ts";
import type { App } from "./app.ts";
import { filterChats } from "./list_filter.ts";
import { type PageShortcut, pageShortcuts, pressed, writes } from "./shortcuts.ts";

/** Listens for the owner's lifetime. A dialog keeps its keys to itself, and so does a field what it writes. */
export function listenToShortcuts(app: App): void {
  const { navigation, openings } = app;
  const openChat = () => {
    const route = navigation.route();
    return route.kind === "chat" ? route : undefined;
  };

  /** Goes to the chat so many rows further down. */
  function step(by: 1 | -1): void {
    const shown = filterChats(app.chats() ?? [], openings.listFilter(), openings.listSearch());
    const at = shown.findIndex(({ chatId }) => chatId === openChat()?.chatId);
    const next = shown[at < 0 ? (by > 0 ? 0 : shown.length - 1) : at + by];
    if (next) navigation.go({ kind: "chat", chatId: next.chatId, info: false });
  }

  /** Closes the view that covers the conversation. */
  function close(): void {
    const chat = openChat();
    if (chat?.info) navigation.up({ kind: "chat", chatId: chat.chatId, info: false });
    else if (["settings", "new-chat"].includes(navigation.route().kind)) navigation.up({ kind: "chats" });
  }

  function focusSearch(): void {
    const field = () => document.querySelector<HTMLElement>(".list-search");
    if (!field()) navigation.go({ kind: "chats" });
    queueMicrotask(() => field()?.focus());
  }

  const actions: Record<PageShortcut, () => void> = {
    palette: () => openings.show("palette"),
    help: () => openings.show("shortcuts"),
    search: focusSearch,
    "new-chat": () => navigation.go({ kind: "new-chat" }),
    settings: () => navigation.go({ kind: "settings" }),
    close,
    "previous-chat": () => step(-1),
    "next-chat": () => step(1),
    "search-chat": () => openings.searchChat(openChat()?.chatId),
  };

  function onKeyDown(event: KeyboardEvent): void {
    if (isComposing(event) || event.defaultPrevented || event.cancelBubble) return;
    if (document.querySelector("dialog[open]") || writes(event, document.activeElement)) return;
    const id = pageShortcuts.find((shortcut) => pressed(event, shortcut));
    if (id === undefined) return;
    if (id !== "close") event.preventDefault();
    actions[id]();
  }

  onMount(() => document.addEventListener("keydown", onKeyDown));
  onCleanup(() => document.removeEventListener("keydown", onKeyDown));
}
