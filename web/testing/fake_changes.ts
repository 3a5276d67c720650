/** Changes of messages in the engine in memory: reactions, edits, deletes, forwards. */

import type { EngineApi, MessageItem, MessageRef, TimelineItem } from "../../client/api/engine_api.ts";

/** What the fake engine keeps and tells. */
export interface FakeLines {
  own(): { username: string; accountKey: string };
  items(chatId: string): TimelineItem[];
  put(chatId: string, item: TimelineItem): void;
  erased(chatId: string, order: string): void;
  /** @param more fields of the message */
  send(chatId: string, messageId: string, text: string, more?: Partial<MessageItem>): Promise<void>;
}

type Changes = Pick<
  EngineApi,
  "react" | "takeBackReaction" | "editMessage" | "deleteForEveryone" | "deleteForMe" | "forward"
>;

export function fakeChanges({ own, items, put, erased, send }: FakeLines): Changes {
  const find = (chatId: string, { messageId }: MessageRef) =>
    items(chatId).find((item): item is MessageItem => item.kind === "message" && item.messageId === messageId);
  async function change(
    chatId: string,
    ref: MessageRef,
    changed: (item: MessageItem) => Partial<MessageItem>,
  ): Promise<void> {
    const item = find(chatId, ref);
    if (item) put(chatId, { ...item, ...changed(item) });
  }
  return {
    react: (chatId, ref, text) =>
      change(chatId, ref, ({ reactions = [] }) => {
        const { username: sender, accountKey: senderKey } = own();
        if (reactions.some((one) => one.senderKey === senderKey && one.text === text)) return {};
        return { reactions: [...reactions, { id: `${reactions.length}`, sender, senderKey, text }] };
      }),
    takeBackReaction: (chatId, ref, text) =>
      change(chatId, ref, ({ reactions = [] }) => ({
        reactions: reactions.filter((one) => one.senderKey !== own().accountKey || one.text !== text),
      })),
    editMessage: (chatId, ref, text) =>
      change(chatId, ref, (item) => ({
        text,
        edited: true,
        versions: [...item.versions ?? [], { text: item.text, untilMs: Date.now() }],
      })),
    deleteForEveryone: (chatId, ref) =>
      change(chatId, ref, () => ({ text: "", deleted: true, reactions: [], versions: [] })),
    async deleteForMe(chatId, ref) {
      const item = find(chatId, ref);
      if (!item) return;
      items(chatId).splice(items(chatId).indexOf(item), 1);
      erased(chatId, item.order);
    },
    async forward(chatId, ref, to) {
      const item = find(chatId, ref);
      for (const other of to) await send(other.chatId, other.messageId, item?.text ?? "");
    },
  };
}
