import assert from "node:assert/strict";
import type { ChatSummary } from "../../client/api/engine_api.ts";
import { filterChats, type ListFilter } from "./list_filter.ts";

const chat = (title: string, people: string[], extra: Partial<ChatSummary> = {}): ChatSummary => ({
  chatId: title,
  title,
  kind: people.length > 1 ? "group" : "direct",
  members: ["me", ...people].map((username) => ({ username, accountKey: "", role: "member", self: username === "me" })),
  invitation: false,
  active: true,
  unread: 0,
  activityMs: 0,
  features: [],
  ...extra,
});
const chats = [
  chat("José", ["jose"], { unread: 1 }),
  chat("Choir on Thursdays", ["anna", "ben"]),
  chat("Old group", ["anna", "carl"], { archived: true, unread: 2 }),
  chat("dora", ["dora"], { markedUnread: true }),
];
const titles = (filter: ListFilter, text = "") => filterChats(chats, filter, text).map(({ title }) => title);

Deno.test("CONVERSATIONS: the list is filtered by what is unread, groups and the archive", () => {
  assert.deepEqual(titles("all"), ["José", "Choir on Thursdays", "dora"]);
  assert.deepEqual(titles("unread"), ["José", "dora"]);
  assert.deepEqual(titles("groups"), ["Choir on Thursdays"]);
  assert.deepEqual(titles("archived"), ["Old group"]);
});

Deno.test("CONVERSATIONS: a search finds titles and people without case and accents, in the archive too", () => {
  assert.deepEqual(titles("all", "JOSE"), ["José"]);
  assert.deepEqual(titles("all", " thurs  ch"), ["Choir on Thursdays"]);
  assert.deepEqual(titles("all", "anna"), ["Choir on Thursdays", "Old group"]);
  assert.deepEqual(titles("all", "me"), [], "nobody searches for oneself");
  assert.deepEqual(titles("unread", "old"), ["Old group"]);
});
