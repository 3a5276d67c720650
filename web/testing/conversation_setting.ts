/** A conversation of the page around an engine of a test's own. */

import { createRoot } from "solid-js";
import type { MessageItem, TimelineItem } from "../../client/api/engine_api.ts";
import type { App, TimelineListener } from "../state/app.ts";
import { type Conversation, createConversation } from "../state/conversation.ts";

/** What the engine gives at most (client/sync/conversation/history.ts). */
const longestPage = 200;
export const startMs = new Date(2026, 4, 5, 12).getTime();
export const orderOf = (index: number) => String(index).padStart(12, "0");
/** What came within a frame is there; here nothing draws one (web/state/frame_gather.ts). */
export const frameDrawn = () => new Promise((resolve) => setTimeout(resolve, 120));
export const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

/** @returns messages m0, m1, … of bob, ten seconds apart */
export function messages(count: number): MessageItem[] {
  return Array.from({ length: count }, (_, index) => ({
    kind: "message",
    messageId: `m${index}`,
    order: orderOf(index),
    sender: "bob",
    own: false,
    senderKey: "0b".repeat(32),
    text: `text ${index}`,
    atMs: startMs + 10_000 * index,
    state: "received",
  }));
}

/** Opens a conversation of `stored` items; `tell` is the engine's event. `early` is told before the first page is. */
export async function withConversation(
  {
    stored,
    unreadFrom,
    itemsAtFirst,
    early = [],
    unsaved = new Map(),
    saving = new Set(),
    send = () => Promise.resolve(),
    sendFiles = () => Promise.resolve(),
  }: {
    stored: TimelineItem[];
    unreadFrom?: string;
    itemsAtFirst?: number;
    early?: TimelineItem[];
    unsaved?: App["unsaved"];
    saving?: App["saving"];
    send?: (...values: unknown[]) => Promise<void>;
    /** As Outgoing does. The user has given up every message that says "cancel". */
    sendFiles?: (chatId: string, item: MessageItem) => Promise<void>;
  },
  look: (
    seen: {
      conversation: Conversation;
      tell: TimelineListener;
      ids: () => string[];
      /** @returns what the next account of this page has not saved */
      signOut: () => App["unsaved"];
    },
  ) => Promise<void>,
): Promise<void> {
  await createRoot(async (dispose) => {
    let tell: TimelineListener = () => {};
    const given = new Map<string, MessageItem>();
    const app = {
      outgoing: {
        send(chatId: string, item: MessageItem) {
          given.set(item.messageId, item);
          return sendFiles(chatId, item);
        },
        again: (chatId: string, item: MessageItem) => item.attachments && (() => sendFiles(chatId, item)),
        isCancelled: (messageId: string) => given.get(messageId)?.text === "cancel",
      },
      chat: () => ({ unreadFrom }),
      account: () => undefined,
      unsaved,
      saving,
      engine: {
        send,
        timeline(_chatId: string, before: string | undefined, limit: number) {
          const older = stored.filter(({ order }) => before === undefined || order < before);
          const items = older.slice(-Math.min(limit, longestPage));
          return Promise.resolve({ items, ...(items.length < older.length && { before: items[0].order }) });
        },
        timelineAfter(_chatId: string, after: string, limit: number) {
          const newer = stored.filter(({ order }) => order > after);
          const items = newer.slice(0, limit);
          return Promise.resolve({ items, ...(items.length < newer.length && { after: items.at(-1)!.order }) });
        },
        async timelineAround(chatId: string, { order }: { order: string }, limit: number) {
          const { items, before } = await this.timeline(chatId, `${order}\0`, limit / 2);
          const next = await this.timelineAfter(chatId, order, limit / 2);
          return { ...next, items: [...items, ...next.items], ...(before !== undefined && { before }) };
        },
      },
      listenTimeline: (_chatId: string, listener: TimelineListener) => (tell = listener, () => {}),
      listenReread: () => () => {},
      listenErased: () => () => {},
      report(error: unknown): never {
        throw error;
      },
    };
    const conversation = createConversation(app as unknown as App, "chat", itemsAtFirst);
    tell(early);
    await settled();
    if (!conversation.loaded()) throw new Error("the conversation was not loaded");
    const ids = () => conversation.rows().flatMap((row) => row.kind === "message" ? [row.item.messageId] : []);
    await look({ conversation, tell, ids, signOut: () => (app.unsaved = new Map()) });
    dispose();
  });
}
