/** Which chats the list shows. Pure. */

import type { ChatSummary } from "../../client/api/engine_api.ts";

export const listFilters = ["all", "unread", "groups", "archived"] as const;
export type ListFilter = typeof listFilters[number];

/** Letters without case and accents: who searches for "jose" finds "José". */
const folded = (text: string) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

/** @returns whether every word of the text is in the chat's title, or in the name of one of its people */
function matches(chat: Pick<ChatSummary, "title" | "members">, text: string): boolean {
  const others = chat.members.filter(({ self }) => !self);
  const names = [chat.title, ...others.flatMap(({ username, displayName = "" }) => [username, displayName])].map(
    folded,
  );
  return folded(text).split(/\s+/).filter((word) => word !== "").every((word) =>
    names.some((name) => name.includes(word))
  );
}

/**
 * @param text what is searched for; it finds archived chats, too
 * @returns the chats in the order that they had
 */
export function filterChats(chats: readonly ChatSummary[], filter: ListFilter, text: string): ChatSummary[] {
  const isWanted = (chat: ChatSummary) => {
    if (filter === "archived") return chat.archived === true;
    if (chat.archived && text.trim() === "") return false;
    if (filter === "unread") return chat.unread > 0 || chat.markedUnread === true;
    return filter === "all" || chat.kind === "group";
  };
  return chats.filter((chat) => isWanted(chat) && matches(chat, text));
}
