/** The history of conversations, for the views: its pages, and what was read of it. */

import type { TimelineItem, TimelinePage, TimelinePlace, TimelineStretch } from "../../api/engine_api.ts";
import type { SealedStore } from "../../storage/sealed_store.ts";
import type { ConversationStore } from "./conversation_store.ts";
import type { ConversationTransaction } from "./conversation_transaction.ts";
import { firstSince } from "./dates.ts";
import { itemOf } from "./projection.ts";
import { afterReading } from "./reading.ts";
import type { LineRecord } from "./records.ts";
import type { UnitOfWork } from "./unit_of_work.ts";

const defaultPage = 50;
const longestPage = 200;

/** Told, in the unit that stores it, of what was read (effects/disappearing.ts). */
interface Timed {
  read(unit: UnitOfWork, conversation: ConversationTransaction, isRead: (order: string) => boolean): Promise<void>;
}

/** Gives the lines of a conversation as items, page by page, and marks it as read. */
export class History {
  readonly #conversations: ConversationStore;
  readonly #store: SealedStore;
  readonly #timed: Timed;
  readonly #isBlocked: (accountKey: string) => boolean;

  /** @param isBlocked whether the user blocks an account (hex): its messages in groups are not shown */
  constructor(
    { conversations, store }: { conversations: ConversationStore; store: SealedStore },
    timed: Timed,
    isBlocked: (accountKey: string) => boolean,
  ) {
    this.#conversations = conversations;
    this.#store = store;
    this.#timed = timed;
    this.#isBlocked = isBlocked;
  }

  /** @param before an `order`: only items before it */
  async page(chatId: string, before?: string, limit: number = defaultPage): Promise<TimelinePage> {
    const wanted = Math.max(1, Math.min(limit, longestPage));
    for (let from = before;;) {
      const found = await this.#conversations.lines(chatId, from, wanted + 1);
      const more = found.length > wanted;
      const lines = more ? found.slice(1) : found;
      const items = this.#itemsOf(chatId, lines);
      // A page of which nothing is shown would look like the beginning.
      if (items.length > 0 || !more) return more ? { items, before: lines[0].order } : { items };
      from = lines[0].order;
    }
  }

  /** As many items before a place as behind it, and the one that stands there. */
  async around(chatId: string, place: TimelinePlace, limit: number = defaultPage): Promise<TimelineStretch> {
    const order = "order" in place ? place.order : await firstSince(this.#store, chatId, place.atMs);
    if (order === undefined) return { items: [] };
    const half = Math.max(1, Math.ceil(Math.min(limit, longestPage) / 2));
    const [{ items, before }, next] = await Promise.all([
      // The key behind this place: the item itself is one of those before it.
      this.page(chatId, `${order}\0`, half),
      this.after(chatId, order, half),
    ]);
    const all = [...items, ...next.items];
    const at = (all.find((item) => item.order >= order) ?? all.at(-1))?.order;
    const after = next.after;
    return {
      items: all,
      ...(at !== undefined && { at }),
      ...(before !== undefined && { before }),
      ...(after !== undefined && { after }),
    };
  }

  /** @param after an `order`: only items behind it */
  async after(chatId: string, after: string, limit: number = defaultPage): Promise<TimelineStretch> {
    const wanted = Math.max(1, Math.min(limit, longestPage));
    for (let from = after;;) {
      const found = await this.#conversations.lines(chatId, undefined, wanted + 1, from);
      const lines = found.slice(0, wanted);
      const items = this.#itemsOf(chatId, lines);
      if (found.length <= wanted) return { items };
      // A page of which nothing is shown would look like the end.
      from = lines.at(-1)!.order;
      if (items.length > 0) return { items, after: from };
    }
  }

  #itemsOf(chatId: string, lines: LineRecord[]): TimelineItem[] {
    const record = this.#conversations.get(chatId)?.record;
    const late = new Set(record?.reading?.late);
    const isHidden = (line: LineRecord) =>
      record?.kind === "group" && line.kind === "message" && this.#isBlocked(line.senderKey);
    return lines.filter((line) => !isHidden(line)).map((line) => {
      const item = itemOf(line);
      return item.kind === "message" && late.has(item.order) ? { ...item, late: true as const } : item;
    });
  }

  /**
   * @param upTo the `order` of the newest item that the user has seen: nothing behind it is marked
   * @param since the `order` of the oldest item in view: what came late into a place before it stays unread
   */
  async markRead(chatId: string, upTo: string, since = ""): Promise<void> {
    if (!this.#conversations.get(chatId)?.record.unread) return;
    await this.#conversations.update(async (unit) => {
      const conversation = await unit.conversation(chatId);
      if (!conversation?.record.unread) return;
      const read = await afterReading(this.#store, chatId, conversation.record, upTo, since);
      if (read.unread === conversation.record.unread) return;
      conversation.set(read);
      const { to, late } = read.reading;
      await this.#timed.read(unit, conversation, (order) => order <= to && !late?.includes(order));
    });
  }
}
