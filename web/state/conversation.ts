/** The view state of one open conversation: loaded items, the drawn range, and sending. */

import { batch, createMemo, createSignal, onCleanup } from "solid-js";
import type { MessageItem, TimelineItem, TimelinePage } from "../../client/api/engine_api.ts";
import type { App } from "./app.ts";
import { createReading, seenOf } from "./reading.ts";
import { afterChange, growNewer, growOlder, newestWindow, pageItems, restWindow, windowFrom } from "./row_window.ts";
import { problemFrom } from "./task.ts";
import { firstOfOthers, isUnsaved, itemKey, mergeItems, optimisticOrder, withinLoaded } from "./timeline_items.ts";
import { type Row, rowsOf } from "./timeline_rows.ts";

export interface Conversation {
  rows(): Row[];
  loaded(): boolean;
  loadingOlder(): boolean;
  /** There are no older items. */
  atStart(): boolean;
  /** The newest item is drawn. */
  atEnd(): boolean;
  /** The `order` of the newest item that the engine has; empty where there is none. */
  newest(): string;
  showOlder(): Promise<void>;
  showNewer(): void;
  showNewest(): void;
  /** The reader is at the newest item, so lines far above need not be drawn. */
  rest(): void;
  /** @returns whether the engine has stored it; never rejects. Its line says what became of it */
  send(text: string): Promise<boolean>;
  /** Rises with each message sent here, because the reader wants to see it. */
  written(): number;
  retry(item: MessageItem): void;
  /** The reader has these rows in view. @param first its index in `rows`, and `last` of the last one */
  saw(first: number, last: number): void;
  /** Puts the mark "new" above the first message of others from a place on. @param from undefined: takes it away */
  mark(from: string | undefined): void;
}

/** Items drawn above the first unread one. */
const itemsAboveUnread = 20;
/** Items loaded at the start, to find the first unread one; beyond it the mark comes with its page. */
const mostAtStart = 10_000;
/** What the engine gives at most at once. */
const longestPage = 200;

/** Rises with each message that this page has sent. */
let optimistic = 0;

const randomMessageId = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Opens a conversation for the lifetime of the owning component. */
export function createConversation(app: App, chatId: string): Conversation {
  const [items, setItems] = createSignal<TimelineItem[]>([]);
  const [drawn, setDrawn] = createSignal({ start: 0, end: 0 });
  const [before, setBefore] = createSignal<string>();
  const [loaded, setLoaded] = createSignal(false);
  const [loadingOlder, setLoadingOlder] = createSignal(false);
  /** The place from which on the mark says that messages are new. */
  const [newFrom, setNewFrom] = createSignal<string>();
  const [written, setWritten] = createSignal(0);
  const saw = createReading(app, chatId);

  /** @param kept what is shown already and stays */
  function take(news: TimelineItem[], kept: TimelineItem[] = items()): void {
    const old = items();
    const merged = mergeItems(kept, news);
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

  /** What the engine tells of by itself. A change to a message of an older page comes with that page. */
  function hear(news: TimelineItem[]): void {
    take(loaded() && before() !== undefined ? withinLoaded(items(), news) : news);
  }

  /** Index of the item above which the mark stands; -1 where none is loaded. */
  const newAt = createMemo(() => {
    const from = newFrom();
    if (from === undefined) return -1;
    // Before that place is loaded, the first loaded message is not the first new one.
    const reachesBack = before() === undefined || (items().at(0)?.order ?? "") <= from;
    return reachesBack ? firstOfOthers(items(), from) : -1;
  });
  const rows = createMemo<Row[]>((last) => {
    const mark = items().at(newAt() < 0 ? items().length : newAt());
    return rowsOf(items().slice(drawn().start, drawn().end), mark && itemKey(mark), last, items());
  }, []);

  /** @returns the newest page, with those before it up to some items above the first unread message */
  async function newestPages(from: string | undefined): Promise<TimelinePage> {
    let { items, before } = await app.engine.timeline(chatId, undefined, pageItems);
    const isThere = () =>
      from === undefined || items.length >= mostAtStart || (items[itemsAboveUnread]?.order ?? from) < from;
    while (before !== undefined && !isThere()) {
      const older = await app.engine.timeline(chatId, before, longestPage);
      items = [...older.items, ...items];
      before = older.before;
    }
    return { items, ...(before !== undefined && { before }) };
  }

  async function open(): Promise<void> {
    const from = app.chat(chatId)?.unreadFrom;
    const page = await newestPages(from);
    // What was told of meanwhile is newer than the page.
    const heard = page.before === undefined ? items() : withinLoaded(page.items, items());
    batch(() => {
      setBefore(page.before);
      take([...heard, ...app.unsaved.get(chatId) ?? []], page.items);
      setNewFrom(from);
      setDrawn(newAt() < 0 ? newestWindow(items().length) : windowFrom(newAt() - itemsAboveUnread, items().length));
      setLoaded(true);
    });
  }

  async function deliver(item: MessageItem): Promise<boolean> {
    try {
      await app.engine.send(chatId, item.messageId, item.text);
      keepUnsaved(item);
      return true;
    } catch (error) {
      const failed: MessageItem = { ...item, state: "failed", errorCode: problemFrom(error).code };
      // An item of the engine's own is stored, and stays as it is.
      if (isUnsaved(item)) keepUnsaved(item, failed);
      take([failed]);
      return false;
    }
  }

  /** @param failed what is shown of the message when the chat is opened again; undefined: the engine has it */
  function keepUnsaved({ messageId }: MessageItem, failed?: MessageItem): void {
    const others = app.unsaved.get(chatId)?.filter((other) => other.messageId !== messageId) ?? [];
    const kept = failed ? [...others, failed] : others;
    if (kept.length > 0) app.unsaved.set(chatId, kept);
    else app.unsaved.delete(chatId);
  }

  /**
   * Shows what is on the device and what this page has not handed over yet; the rest was never stored. Older pages
   * stay where they are.
   */
  async function reread(): Promise<void> {
    // What is told of from here on is newer than the page that is read.
    const shown = new Set(items());
    const page = await app.engine.timeline(chatId, undefined, pageItems);
    const oldest = page.items.at(0);
    const joins = page.before !== undefined && [...shown].some(({ order }) => order === oldest?.order);
    const stays = (item: TimelineItem) => {
      const isOlder = page.before !== undefined && oldest !== undefined && item.order < oldest.order;
      return isOlder ? joins : !shown.has(item) || isUnsaved(item);
    };
    batch(() => {
      take(page.items, items().filter(stays));
      if (joins) return;
      // Between what was shown and the page there may be more: the conversation begins anew with the page.
      setBefore(page.before);
      setDrawn(newestWindow(items().length));
    });
  }

  onCleanup(app.listenTimeline(chatId, hear));
  onCleanup(app.listenReread(chatId, () => void reread().catch(app.report)));
  void open().catch(app.report);
  return {
    rows,
    loaded,
    loadingOlder,
    atStart: () => loaded() && drawn().start === 0 && before() === undefined,
    atEnd: () => drawn().end >= items().length,
    newest: () => items().findLast((item) => !isUnsaved(item))?.order ?? "",
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
      const stored = deliver(item);
      take([item]);
      return stored;
    },
    written,
    retry(item) {
      take([{ ...item, state: "waiting", errorCode: undefined }]);
      void deliver(item);
    },
    saw: (first, last) => saw(seenOf(rows(), first, last)),
    mark: (from) => void setNewFrom(from),
  };
}
