/** The view state of one open conversation: the stretch that is loaded, and sending. */

import { batch, createMemo, createSignal, onCleanup } from "solid-js";
import type { MessageItem, MessageRef, SendOptions, TimelineItem } from "../../client/api/engine_api.ts";
import { beforeNextFrame } from "../dom/next_frame.ts";
import type { App } from "./app.ts";
import { type ChosenFiles, infoOf } from "./outgoing/chosen_file.ts";
import { gatherFrames } from "./frame_gather.ts";
import { randomMessageId } from "./message_id.ts";
import { createPageReads } from "./page_reads.ts";
import { createReading, seenOf } from "./reading.ts";
import {
  atRest,
  holds,
  pageItems,
  type Stretch,
  unsavedOf,
  withNewer,
  withNews,
  withOlder,
  without,
  withoutNewest,
  withoutOldest,
} from "./stretch.ts";
import { problemFrom } from "./task.ts";
import {
  answeredItem,
  firstOfOthers,
  isOfOthers,
  isUnsaved,
  itemAt,
  itemKey,
  optimisticOrder,
} from "./timeline_items.ts";
import { type Row, rowsOf } from "./timeline_rows.ts";

/** A row that the reader wants to see. */
export interface Goal {
  /** The row's key. */
  key: string;
}

export interface Conversation {
  /** All that is loaded, oldest first. */
  items(): TimelineItem[];
  rows(): Row[];
  loaded(): boolean;
  loadingOlder(): boolean;
  /** There are no older items. */
  atStart(): boolean;
  /** The newest item is loaded. */
  atEnd(): boolean;
  /** The `order` of the newest message of others; empty where there is none. */
  newest(): string;
  showOlder(): Promise<void>;
  showNewer(): Promise<void>;
  showNewest(): Promise<void>;
  /** The reader is at the newest item, so lines far above need not be held. */
  rest(): void;
  /**
   * Goes to the item at a place: loads what is around it where that is not loaded. Never rejects.
   *
   * @param order of an item, or of one that was there: then to the next
   * @returns whether the item itself is there
   */
  goTo(order: string): Promise<boolean>;
  /** Where the reader wants to be: each call of `goTo` makes another. */
  goal(): Goal | undefined;
  /**
   * @param files that go with it; then the text may be empty
   * @returns whether the engine has stored it; never rejects. Its line says what became of it
   */
  send(text: string, replyTo?: MessageItem, files?: ChosenFiles): Promise<boolean>;
  /** Rises with each message sent here, because the reader wants to see it. */
  written(): number;
  retry(item: MessageItem): void;
  /** The reader has these rows in view. @param first its index in `rows`, and `last` of the last one */
  saw(first: number, last: number): void;
  /**
   * Goes to a message, as `goTo` does.
   *
   * @returns it; undefined where this device does not have it
   */
  show(message: Partial<MessageRef>): Promise<MessageItem | undefined>;
  /** Puts the mark "new" above the first message of others from a place on. @param from undefined: takes it away */
  mark(from: string | undefined): void;
}

/** Items drawn above the first unread one. */
const itemsAboveUnread = 20;
/** Up to so many items the newest stretch is loaded at the start, to find the first unread one in it. */
const mostAtStart = 600;
/** What the engine gives at most at once. */
const longestPage = 200;

/** Rises with each message that this page has sent. */
let optimistic = 0;

/** What the engine needs of a message beside its text, also when it is tried again. */
function optionsOf({ replyTo }: MessageItem): SendOptions | undefined {
  const { order, messageId } = replyTo ?? {};
  return order !== undefined && messageId !== undefined ? { replyTo: { order, messageId } } : undefined;
}

/**
 * Opens a conversation for the lifetime of the owning component.
 *
 * @param itemsAtFirst read before anything is shown, where nothing is unread; the rest of a page follows
 */
export function createConversation(app: App, chatId: string, itemsAtFirst = pageItems): Conversation {
  const [stretch, setStretch] = createSignal<Stretch>({ items: [] });
  const [loaded, setLoaded] = createSignal(false);
  const [loadingOlder, setLoadingOlder] = createSignal(false);
  /** The place from which on the mark says that messages are new. */
  const [newFrom, setNewFrom] = createSignal<string>();
  const [written, setWritten] = createSignal(0);
  const [goal, setGoal] = createSignal<Goal>();
  const saw = createReading(app, chatId);
  const reads = createPageReads();
  /** What was sent here and is not in the engine yet: no page has it. */
  const unsent = new Map<string, MessageItem>();
  let loadingNewer = false;
  let forgetRest = () => {};

  const items = () => stretch().items;
  const { unsaved } = app;
  const take = (news: TimelineItem[]) => void setStretch((before) => withNews(before, news));
  const heard = gatherFrames(take);

  function hear(news: TimelineItem[]): void {
    for (const item of news) if (item.kind === "message") unsent.delete(item.messageId);
    reads.heard(news);
    heard.add(news);
  }

  function erase(orders: string[]): void {
    heard.flush();
    reads.erased(orders);
    setStretch((held) => without(held, orders));
  }

  /** Shows another stretch. At the end of the conversation stands what the engine does not have yet. */
  function show(found: Stretch): void {
    const { after } = found;
    const own = after === undefined ? [...unsaved.get(chatId) ?? [], ...unsent.values()] : [];
    setStretch(withNews(found, own));
  }

  /** Index of the item above which the mark stands; -1 where none is loaded. */
  const newAt = createMemo(() => {
    const from = newFrom();
    if (from === undefined) return -1;
    // Before that place is loaded, the first loaded message is not the first new one.
    const reachesBack = stretch().before === undefined || (items().at(0)?.order ?? "") <= from;
    return reachesBack ? firstOfOthers(items(), from) : -1;
  });
  const rows = createMemo<Row[]>((last) => {
    const mark = newAt() < 0 ? undefined : items()[newAt()];
    return rowsOf(items(), mark && itemKey(mark), last);
  }, []);

  const newestPage = (limit = pageItems) => reads.read(() => app.engine.timeline(chatId, undefined, limit));
  const pageBefore = (before: string, limit = pageItems) =>
    reads.read(() => app.engine.timeline(chatId, before, limit), before);
  const pageAround = (order: string) => reads.read(() => app.engine.timelineAround(chatId, { order }, 2 * pageItems));

  /** @returns the newest items, or those around the first unread one where it is far above */
  async function firstStretch(from: string | undefined): Promise<Stretch> {
    let found = await newestPage(from === undefined ? itemsAtFirst : pageItems);
    const isThere = () => from === undefined || (found.items[itemsAboveUnread]?.order ?? from) < from;
    while (found.before !== undefined && !isThere()) {
      if (found.items.length >= mostAtStart) return await pageAround(from!);
      found = withOlder(found, await pageBefore(found.before, longestPage));
    }
    return found;
  }

  async function open(): Promise<void> {
    const { unreadFrom: from, markedUnread } = app.chat(chatId) ?? {};
    if (markedUnread) void app.engine.changeChat(chatId, { markedUnread: false }).catch(app.report);
    const found = await firstStretch(from);
    batch(() => {
      show(withNews(found, unsavedOf(stretch())));
      setNewFrom(from);
      setLoaded(true);
    });
    if (found.items.length < pageItems) forgetRest = beforeNextFrame(() => void load(readOlder));
  }

  async function readOlder(): Promise<void> {
    const { before } = stretch();
    if (before === undefined) return;
    const page = await pageBefore(before);
    // Elsewhere meanwhile.
    if (stretch().before !== before) return;
    setStretch((held) => withOlder(held, page));
    setStretch(withoutNewest);
  }

  async function deliver(
    item: MessageItem,
    work = () => app.engine.send(chatId, item.messageId, item.text, optionsOf(item)),
  ): Promise<boolean> {
    if (isUnsaved(item)) unsent.set(item.messageId, item);
    app.saving.add(item.messageId);
    try {
      await work();
      keepUnsaved(item);
      return true;
    } catch (error) {
      unsent.delete(item.messageId);
      if (app.outgoing.isCancelled(item.messageId)) {
        keepUnsaved(item);
        erase([item.order]);
        return false;
      }
      const failed: MessageItem = { ...item, state: "failed", errorCode: problemFrom(error).code };
      // An item of the engine's own is stored, and stays as it is.
      if (isUnsaved(item)) keepUnsaved(item, failed);
      take([failed]);
      return false;
    } finally {
      app.saving.delete(item.messageId);
    }
  }

  /** @param failed what is shown of the message when the chat is opened again; undefined: the engine has it */
  function keepUnsaved({ messageId }: MessageItem, failed?: MessageItem): void {
    const others = unsaved.get(chatId)?.filter((other) => other.messageId !== messageId) ?? [];
    const kept = failed ? [...others, failed] : others;
    if (kept.length > 0) unsaved.set(chatId, kept);
    else unsaved.delete(chatId);
  }

  /**
   * Shows what is on the device and what this page has not handed over yet; the rest was never stored. Older pages
   * stay where they are.
   */
  async function reread(): Promise<void> {
    const page = await newestPage();
    const held = stretch();
    const oldest = page.items.at(0);
    // Between what was shown and the page there may be more: the conversation begins anew with the page.
    if (held.after !== undefined || page.before === undefined || !oldest || !holds(held, oldest.order)) {
      return show(page);
    }
    const older = held.items.filter(({ order }) => order < oldest.order);
    show({ ...held, items: [...older, ...page.items] });
  }

  /** Reads once; a failure is told, and the reader stays where the reader is. */
  async function load(work: () => Promise<void>): Promise<void> {
    await work().catch(app.report);
  }

  onCleanup(app.listenTimeline(chatId, hear));
  onCleanup(heard.close);
  onCleanup(() => forgetRest());
  onCleanup(app.listenErased(chatId, erase));
  onCleanup(app.listenReread(chatId, () => void load(reread)));
  void load(open);
  return {
    items,
    rows,
    loaded,
    loadingOlder,
    atStart: () => loaded() && stretch().before === undefined,
    atEnd: () => stretch().after === undefined,
    newest: () => items().findLast(isOfOthers)?.order ?? "",
    async showOlder() {
      if (loadingOlder() || !loaded() || stretch().before === undefined) return;
      setLoadingOlder(true);
      await load(readOlder);
      setLoadingOlder(false);
    },
    async showNewer() {
      const { after } = stretch();
      if (loadingNewer || after === undefined) return;
      loadingNewer = true;
      await load(async () => {
        const page = await reads.read(() => app.engine.timelineAfter(chatId, after, pageItems));
        if (stretch().after !== after) return;
        show(withNewer(stretch(), page));
        setStretch(withoutOldest);
      });
      loadingNewer = false;
    },
    async showNewest() {
      if (stretch().after !== undefined) await load(async () => show(await newestPage()));
    },
    rest: () => void setStretch(atRest),
    async goTo(order) {
      await load(async () => {
        if (!holds(stretch(), order)) show(await pageAround(order));
        const item = itemAt(items(), order) ?? items().find((other) => other.order >= order) ?? items().at(-1);
        if (item) setGoal({ key: itemKey(item) });
      });
      return itemAt(items(), order) !== undefined;
    },
    goal,
    send(text, replyTo, files) {
      const account = app.account();
      const [sender, senderKey] = account?.kind === "signed-in" ? [account.username, account.accountKey] : ["", ""];
      const item: MessageItem = {
        kind: "message",
        messageId: randomMessageId(),
        order: optimisticOrder(optimistic++),
        sender,
        senderKey,
        own: true,
        text,
        ...(replyTo && { replyTo: { id: "", order: replyTo.order, messageId: replyTo.messageId } }),
        ...(files && { attachments: files.files.map(infoOf) }),
        atMs: Date.now(),
        state: "waiting",
      };
      // The engine comes first: it seals while the page draws.
      const stored = deliver(item, files && (() => app.outgoing.send(chatId, item, files, optionsOf(item))));
      batch(() => {
        setNewFrom(undefined);
        take([item]);
        setWritten((count) => count + 1);
      });
      if (stretch().after !== undefined) void load(async () => show(await newestPage()));
      return stored;
    },
    written,
    retry(item) {
      take([{ ...item, state: "waiting", errorCode: undefined }]);
      void deliver(item, app.outgoing.again(chatId, item));
    },
    saw: (first, last) => saw(seenOf(rows(), first, last)),
    async show(message) {
      let item = answeredItem(items(), message);
      const { order } = message;
      if (!item && order !== undefined) {
        await load(async () => {
          const around = await pageAround(order);
          item = answeredItem(around.items, message);
          if (item) show(around);
        });
      }
      if (item?.kind !== "message") return undefined;
      setGoal({ key: itemKey(item) });
      return item;
    },
    mark: (from) => void setNewFrom(from),
  };
}
