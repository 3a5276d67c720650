/** The view state of one open conversation: loaded items, the drawn range, and sending. */

import { batch, createMemo, createSignal, onCleanup } from "solid-js";
import type { TimelineItem } from "../../client/api/engine_api.ts";
import type { App } from "./app.ts";
import { afterChange, growNewer, growOlder, newestWindow, pageItems, restWindow } from "./row_window.ts";
import { problemFrom } from "./task.ts";
import { firstUnread, isUnsaved, itemKey, mergeItems, optimisticOrder } from "./timeline_items.ts";
import { type Row, rowsOf } from "./timeline_rows.ts";

type MessageItem = TimelineItem & { kind: "message" };

export interface Conversation {
  rows(): Row[];
  loaded(): boolean;
  loadingOlder(): boolean;
  /** There are no older items. */
  atStart(): boolean;
  /** The newest item is drawn. */
  atEnd(): boolean;
  showOlder(): Promise<void>;
  showNewer(): void;
  showNewest(): void;
  /** The reader is at the newest item, so lines far above need not be drawn. */
  rest(): void;
  send(text: string): void;
  /** Rises with each message sent here, because the reader wants to see it. */
  written(): number;
  retry(item: MessageItem): void;
  /** The reader has seen everything up to the newest item. */
  markRead(): void;
}

const randomMessageId = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Opens a conversation for the lifetime of the owning component. */
export function createConversation(app: App, chatId: string): Conversation {
  const [items, setItems] = createSignal<TimelineItem[]>([]);
  const [drawn, setDrawn] = createSignal({ start: 0, end: 0 });
  const [before, setBefore] = createSignal<string>();
  const [loaded, setLoaded] = createSignal(false);
  const [loadingOlder, setLoadingOlder] = createSignal(false);
  const [newFrom, setNewFrom] = createSignal<string>();
  const [written, setWritten] = createSignal(0);
  let optimistic = 0;

  function take(news: TimelineItem[]): void {
    const old = items();
    const merged = mergeItems(old, news);
    const wasAtEnd = drawn().end >= old.length;
    const oldFirst = old[drawn().start];
    const older = oldFirst
      ? Math.max(0, merged.findIndex((item) => itemKey(item) === itemKey(oldFirst)) - drawn().start)
      : 0;
    batch(() => {
      setItems(merged);
      setDrawn(old.length === 0 ? newestWindow(merged.length) : afterChange(drawn(), older, merged.length, wasAtEnd));
    });
  }

  const rows = createMemo<Row[]>(
    (last) => rowsOf(items().slice(drawn().start, drawn().end), newFrom(), last, items()),
    [],
  );

  async function open(): Promise<void> {
    const unread = app.chat(chatId)?.unread ?? 0;
    const page = await app.engine.timeline(chatId, undefined, Math.max(pageItems, Math.min(unread + 20, 500)));
    batch(() => {
      setBefore(page.before);
      take(page.items);
      setDrawn({ start: Math.max(0, items().length - Math.max(pageItems, unread + 20)), end: items().length });
      setNewFrom(firstUnread(items(), unread));
      setLoaded(true);
    });
  }

  async function deliver(item: MessageItem): Promise<void> {
    try {
      await app.engine.send(chatId, item.messageId, item.text);
    } catch (error) {
      take([{ ...item, state: "failed", errorCode: problemFrom(error).code }]);
    }
  }

  /**
   * Keeps the stored items, and this page's items that the engine has not taken yet. The others were never
   * stored.
   */
  async function reread(): Promise<void> {
    setItems((shown) => shown.filter(isUnsaved));
    await open();
  }

  onCleanup(app.listenTimeline(chatId, take));
  onCleanup(app.listenReread(chatId, () => void reread().catch(app.report)));
  void open().catch(app.report);
  return {
    rows,
    loaded,
    loadingOlder,
    atStart: () => loaded() && drawn().start === 0 && before() === undefined,
    atEnd: () => drawn().end >= items().length,
    async showOlder() {
      if (loadingOlder() || !loaded()) return;
      if (drawn().start === 0 && before() !== undefined) {
        setLoadingOlder(true);
        try {
          const page = await app.engine.timeline(chatId, before(), pageItems);
          // The window moves with its items, and then grows over the page that was loaded before them.
          batch(() => {
            setBefore(page.before);
            take(page.items);
            setDrawn(growOlder);
          });
          return;
        } catch (error) {
          app.report(error);
        } finally {
          setLoadingOlder(false);
        }
      }
      setDrawn(growOlder);
    },
    showNewer: () => void setDrawn((window) => growNewer(window, items().length)),
    rest: () => void setDrawn(restWindow),
    showNewest: () => void setDrawn((window) => (window.end >= items().length ? window : newestWindow(items().length))),
    send(text) {
      setWritten((count) => count + 1);
      setNewFrom(undefined);
      setDrawn((window) => (window.end >= items().length ? window : newestWindow(items().length)));
      const account = app.account();
      const sender = account?.kind === "signed-in" ? account.username : "";
      const item: MessageItem = {
        kind: "message",
        messageId: randomMessageId(),
        order: optimisticOrder(optimistic++),
        sender,
        own: true,
        text,
        atMs: Date.now(),
        state: "waiting",
      };
      // The engine comes first: it seals while the page draws.
      void deliver(item);
      take([item]);
    },
    written,
    retry(item) {
      take([{ ...item, state: "waiting", errorCode: undefined }]);
      void deliver(item);
    },
    markRead: () => void app.engine.markRead(chatId).catch(() => {}),
  };
}
