/** What the user decides about chats, in the engine in memory: as client/sync/conversation/chat_choices.ts does it. */

import { byListOrder, type ChatMarks, type ChatSummary, type EngineApi } from "../../client/api/engine_api.ts";
import { EngineError } from "../../client/api/errors.ts";
import { changed, type ChatPreferences, marksOf, ranksAfterMove } from "../../client/sync/conversation/preferences.ts";
import type { FakeChat } from "./fake_chats.ts";

export { byListOrder };

/** By chatId: the activity of chats that were deleted. */
const cleared = new Map<string, number>();
const preferences = new Map<string, ChatPreferences>();
const noMarks: ChatMarks = { pinned: undefined, archived: undefined, muted: undefined, markedUnread: undefined };

/** @returns whether the list shows the chat: not from its deletion on, until something new happens */
export function isListed({ chatId, activityMs }: ChatSummary): boolean {
  return (cleared.get(chatId) ?? -1) < activityMs;
}

/** @param tell reports the list */
export function fakeListCalls(
  chats: Map<string, FakeChat>,
  tell: () => void,
): Pick<EngineApi, "changeChat" | "movePinned" | "deleteChat"> {
  const pinned = () =>
    [...chats.values()].map(({ summary }) => summary).filter(({ pinned }) => pinned !== undefined).sort(byListOrder);
  const mark = (chatId: string, news: ChatPreferences) => {
    preferences.set(chatId, news);
    Object.assign(chats.get(chatId)!.summary, noMarks, marksOf(news));
  };
  return {
    async changeChat(chatId, change) {
      const nextRank = Math.max(0, ...pinned().map(({ pinned }) => pinned!)) + 1;
      mark(chatId, changed(preferences.get(chatId) ?? {}, change, Date.now(), nextRank));
      tell();
    },
    async movePinned(chatId, before) {
      const others = pinned().filter((chat) => chat.chatId !== chatId);
      const at = others.findIndex((chat) => chat.chatId === before);
      const wanted = others.toSpliced(at < 0 ? others.length : at, 0, chats.get(chatId)!.summary);
      const ranks = ranksAfterMove(wanted.map(({ pinned }) => pinned!), at < 0 ? others.length : at);
      for (const [place, value] of ranks) {
        const { chatId } = wanted[place];
        mark(chatId, { ...preferences.get(chatId), pinned: { value, atMs: Date.now() } });
      }
      tell();
    },
    async deleteChat(chatId) {
      const chat = chats.get(chatId)!;
      if (chat.summary.invitation && chat.summary.active) {
        throw new EngineError({ code: "L043", detail: "as the engine does" });
      }
      chat.items.length = 0;
      Object.assign(chat.summary, noMarks, { lastMessage: undefined, unread: 0, draft: undefined });
      preferences.delete(chatId);
      cleared.set(chatId, chat.summary.activityMs);
      tell();
    },
  };
}
