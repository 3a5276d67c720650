/** Receipts of the engine in memory: who answers has read all before. */

import type {
  ChatSummary,
  PrivacySettings,
  ReceiptMarks,
  ReceiptsApi,
  TimelineItem,
} from "../../client/api/engine_api.ts";
import type { EmitEvent } from "../engine/engine_methods.ts";

interface FakeWorld {
  emit: EmitEvent;
  chat(chatId: string): { summary: ChatSummary; items: TimelineItem[] };
}

/** @returns the calls about receipts of a fake engine, and what to tell it of */
export function fakeReceipts({ emit, chat }: FakeWorld): {
  api: ReceiptsApi;
  /** The others have received all of the chat. */
  delivered(chatId: string): void;
  /** The others have read all of the chat. */
  read(chatId: string): void;
} {
  const all = new Map<string, ReceiptMarks>();
  let privacy: PrivacySettings = { readReceipts: true, typing: true };
  const of = (chatId: string): ReceiptMarks => {
    const { delivered, read } = all.get(chatId) ?? { delivered: "", read: "" };
    return { delivered, read: privacy.readReceipts ? read : "" };
  };
  const newest = (chatId: string) => chat(chatId).items.at(-1)?.order ?? "";
  const set = (chatId: string, marks: Partial<ReceiptMarks>) => {
    all.set(chatId, { ...(all.get(chatId) ?? { delivered: "", read: "" }), ...marks });
    emit({ kind: "marks", chatId, marks: of(chatId) });
  };
  return {
    delivered: (chatId) => set(chatId, { delivered: newest(chatId) }),
    read: (chatId) => set(chatId, { delivered: newest(chatId), read: newest(chatId) }),
    api: {
      receiptMarks: (chatId) => Promise.resolve(of(chatId)),
      messageInfo(chatId, { order }) {
        const { delivered, read } = of(chatId);
        const others = chat(chatId).summary.members.filter(({ self }) => !self)
          .map(({ username }) => ({ username, atMs: Date.now() }));
        return Promise.resolve({
          sentMs: Date.now(),
          delivered: order <= delivered ? others : [],
          readBy: order <= read ? others : [],
        });
      },
      privacy: () => Promise.resolve({ ...privacy }),
      changePrivacy(change) {
        privacy = { ...privacy, ...change };
        emit({ kind: "people" });
        for (const chatId of all.keys()) emit({ kind: "marks", chatId, marks: of(chatId) });
        return Promise.resolve();
      },
    },
  };
}
