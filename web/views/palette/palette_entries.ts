/** What the palette offers: commands, chats, people, and the search of all messages. */

import { type ChatChange, type ChatMember, type ChatSummary, isMuted } from "../../../client/api/engine_api.ts";
import { fill } from "../../i18n/language.ts";
import { type PaletteCommand, paletteWords } from "../../i18n/palette_words.ts";
import type { App } from "../../state/app.ts";
import { type Candidate, findIn, scopeOf } from "../../state/palette.ts";
import type { ShortcutId } from "../../state/shortcuts.ts";
import { chooseTheme, themes } from "../../state/theme.ts";
import { isUsername } from "../../state/username.ts";
import type { IconName } from "../common/icons.tsx";

export interface PaletteEntry extends Candidate {
  icon?: IconName;
  chat?: ChatSummary;
  person?: Pick<ChatMember, "username" | "accountKey">;
  /** Said behind the name. */
  detail?: string;
  shortcut?: ShortcutId;
  /** The palette closes when it is done. */
  run(): void | Promise<unknown>;
}

export interface PaletteSection {
  name: string;
  entries: { candidate: PaletteEntry; ranges: [number, number][] }[];
}

/** The most entries of one section. */
const most = 8;
/** Chats that were used last, while nothing is typed. */
const mostRecent = 5;

/** @returns the sections that have something for what is typed */
export function sectionsFor(app: App, typed: string): PaletteSection[] {
  const { scope, words } = scopeOf(typed);
  const { sections } = paletteWords();
  const isEmpty = words === "";
  const chats = scope === "all" ? findIn(chatEntries(app, isEmpty), words, isEmpty ? mostRecent : most) : [];
  const commands = scope === "people" ? [] : findIn(commandEntries(app), words, isEmpty ? 99 : most);
  const people = scope === "commands" || (isEmpty && scope === "all") ? [] : findIn(personEntries(app), words, most);
  const isKnown = people.some(({ candidate }) => candidate.person?.username === words);
  const others = isKnown || scope === "commands" ? [] : writeTo(app, words);
  const found = [
    { name: sections.chats, entries: chats },
    { name: sections.commands, entries: commands },
    { name: sections.people, entries: [...people, ...others] },
    { name: sections.messages, entries: scope === "all" && !isEmpty ? [searchAll(app, words)] : [] },
  ];
  return found.filter(({ entries }) => entries.length > 0);
}

function openChat(app: App, chatId: string): void {
  app.navigation.go({ kind: "chat", chatId, info: false });
}

function currentChat(app: App): ChatSummary | undefined {
  const route = app.navigation.route();
  return route.kind === "chat" ? app.chat(route.chatId) : undefined;
}

function chatEntries(app: App, recent: boolean): PaletteEntry[] {
  const { members, archived } = paletteWords();
  const here = currentChat(app)?.chatId;
  const chats = (app.chats() ?? []).filter((chat) => !recent || (!chat.archived && chat.chatId !== here));
  // The list has pinned chats first; here the latest are.
  return (recent ? chats.toSorted((a, b) => b.activityMs - a.activityMs) : chats).map((chat) => ({
    name: app.people.title(chat),
    also: [
      chat.title,
      ...chat.members.filter(({ self }) => !self).flatMap(({ username, displayName = "" }) => [username, displayName]),
    ],
    chat,
    detail: chat.archived
      ? archived
      : chat.kind === "group"
      ? fill(chat.members.length === 1 ? members.one : members.other, { count: chat.members.length })
      : undefined,
    run: () => openChat(app, chat.chatId),
  }));
}

/** People of the chats, each once. A press opens the chat of two, which is begun where there is none. */
function personEntries(app: App): PaletteEntry[] {
  const others = (app.chats() ?? []).flatMap(({ members }) => members).filter(({ self, blocked }) => !self && !blocked);
  return [...new Map(others.map((member) => [member.accountKey, member])).values()].map((person) => ({
    name: person.displayName ?? person.username,
    also: person.displayName === undefined ? [] : [person.username],
    person,
    detail: person.displayName === undefined ? undefined : `@${person.username}`,
    run: () => startChat(app, person.username),
  }));
}

function writeTo(app: App, words: string): PaletteSection["entries"] {
  const account = app.account();
  const isOwn = account?.kind === "signed-in" && account.username === words;
  if (isOwn || !isUsername(words)) return [];
  const name = fill(paletteWords().write, { name: words });
  return [{ candidate: { name, icon: "new-chat", run: () => startChat(app, words) }, ranges: [] }];
}

async function startChat(app: App, username: string): Promise<void> {
  openChat(app, await app.engine.startChat([username]));
}

function searchAll(app: App, words: string): PaletteSection["entries"][number] {
  const run = () => {
    app.openings.searchList(words);
    // On a phone the list is a screen of its own.
    if (!document.querySelector(".list-search")) app.navigation.go({ kind: "chats" });
  };
  return { candidate: { name: fill(paletteWords().searchAll, { text: words }), icon: "search", run }, ranges: [] };
}

function commandEntries(app: App): PaletteEntry[] {
  const { commands } = paletteWords();
  const chat = currentChat(app);
  const entry = (
    command: PaletteCommand,
    icon: IconName,
    run: PaletteEntry["run"],
    shortcut?: ShortcutId,
  ): PaletteEntry => ({
    name: fill(commands[command], { title: chat ? app.people.title(chat) : "" }),
    icon,
    run,
    shortcut,
  });
  return [
    ...(chat ? chatCommands(app, chat, entry) : []),
    entry("new-chat", "new-chat", () => app.navigation.go({ kind: "new-chat" }), "new-chat"),
    entry("notes", "lock", async () => openChat(app, await app.engine.noteToSelf())),
    entry("invite", "plus", () => queueMicrotask(() => app.openings.show("invite"))),
    entry("archived", "archive", () => {
      app.openings.filterList("archived");
      if (!document.querySelector(".list-search")) app.navigation.go({ kind: "chats" });
    }),
    entry("settings", "settings", () => app.navigation.go({ kind: "settings" }), "settings"),
    ...themes.map((theme) => entry(`theme-${theme}`, "theme", () => chooseTheme(theme))),
    entry("shortcuts", "keyboard", () => queueMicrotask(() => app.openings.show("shortcuts")), "help"),
  ];
}

function chatCommands(
  app: App,
  chat: ChatSummary,
  entry: (command: PaletteCommand, icon: IconName, run: PaletteEntry["run"], shortcut?: ShortcutId) => PaletteEntry,
): PaletteEntry[] {
  const { chatId } = chat;
  const change = (news: ChatChange) => () => app.engine.changeChat(chatId, news);
  const isPinned = chat.pinned !== undefined;
  const muted = isMuted(chat, Date.now());
  return [
    entry("search-chat", "search", () => app.openings.searchChat(chatId), "search-chat"),
    entry("details", "panel", () => app.navigation.go({ kind: "chat", chatId, info: true })),
    muted ? entry("unmute", "bell", change({ muted: "off" })) : entry("mute", "muted", change({ muted: "always" })),
    entry(isPinned ? "unpin" : "pin", isPinned ? "unpin" : "pin", change({ pinned: !isPinned })),
    entry(chat.archived ? "unarchive" : "archive", "archive", change({ archived: !chat.archived })),
    entry("mark-unread", "chats", change({ markedUnread: true })),
  ];
}
