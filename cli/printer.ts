/** Prints what has come to a device, each line once, in the order of its arrival. */

import type { ChatSummary, TimelineItem } from "../client/api/engine_api.ts";
import { arrivalKey } from "../client/sync/conversation/places.ts";
import { inOrderOfArrival } from "./arrival_order.ts";
import { freshItems, newestArrival } from "./fresh_items.ts";
import { messageFields, messageText } from "./message_text.ts";
import { sentenceOf } from "./notices.ts";
import { type Output, shownTitle } from "./output.ts";
import type { OutputRecord } from "./records.ts";
import type { Session } from "./session.ts";
import type { SqliteStorage } from "./storage/sqlite_storage.ts";

/** Up to where lines were printed, by chat. */
export type Marks = Pick<SqliteStorage, "printedUpTo" | "markPrinted">;

export interface PrinterOptions {
  /** The one chat of which lines are printed. */
  only?: string;
  withIds?: boolean;
  /** Default: those of `recv`, in the state. */
  marks?: Marks;
}

/** Prints new lines of all chats, or of one. */
export class Printer {
  readonly #session: Session;
  readonly #output: Pick<Output, "line">;
  readonly #only: string | undefined;
  readonly #withIds: boolean;
  readonly #marks: Marks;
  /** The printing rounds, one at a time. */
  #working: Promise<void> = Promise.resolve();
  /** The round that waits for its turn: it prints what comes until then, too. */
  #next: Promise<void> | undefined;

  constructor(session: Session, output: Pick<Output, "line">, options: PrinterOptions = {}) {
    this.#withIds = options.withIds ?? false;
    this.#session = session;
    this.#output = output;
    this.#only = options.only;
    this.#marks = options.marks ?? session.storage;
  }

  /** Prints new items in the order of their arrival at the server. @throws errors of the output */
  print(): Promise<void> {
    return this.#next ??= this.#working = this.#working.then(() => {
      this.#next = undefined;
      return this.#round();
    });
  }

  async #round(): Promise<void> {
    const { engine } = this.#session;
    const marks = this.#marks;
    const fresh: { chat: ChatSummary; items: TimelineItem[] }[] = [];
    for (const chat of await engine.chats()) {
      if (this.#only !== undefined && chat.chatId !== this.#only) continue;
      if (chat.invitation) {
        await this.#invitation(chat);
        continue;
      }
      const items = await freshItems(engine, chat, marks.printedUpTo(chat.chatId));
      if (items.length > 0) fresh.push({ chat, items });
    }
    const titles = new Map(fresh.map(({ chat }) => [chat.chatId, chat.title]));
    // Messages of this device carry its own clock and are not printed, so they are left out of the order.
    const arrived = fresh.map(({ chat, items }) => ({
      chatId: chat.chatId,
      items: items.filter((item) => item.kind === "notice" || !item.own || item.elsewhere),
    }));
    for (const { chatId, item } of inOrderOfArrival(arrived)) {
      await this.#output.line(...lineOf(item, { group: titles.get(chatId)!, groupId: chatId }, this.#withIds));
      marks.markPrinted(chatId, arrivalKey(item.order));
    }
    for (const { chat, items } of fresh) {
      marks.markPrinted(chat.chatId, newestArrival(items));
      // Own messages that wait stand behind what may have come meanwhile.
      const read = items.findLast((item) => item.kind === "message" && !item.own);
      if (read) await engine.markRead(chat.chatId, read.order);
    }
  }

  /** Prints an invitation once. Messages of strangers are printed after it was accepted. */
  async #invitation({ chatId, title, inviterRevoked }: ChatSummary): Promise<void> {
    const marks = this.#marks;
    if (marks.printedUpTo(`invitation ${chatId}`) !== "") return;
    const from = inviterRevoked ? " from a removed device" : "";
    const id = chatId.slice(0, 8);
    await this.#output.line(`invitation${from} to ${shownTitle(title)} ${id}: qpq join ${id}`, {
      type: "invitation",
      group: title,
      groupId: chatId,
      inviterRevoked,
    });
    marks.markPrinted(`invitation ${chatId}`, "told");
  }
}

/** @returns the line and the record of an item */
export function lineOf(
  item: TimelineItem,
  place: { group: string; groupId: string },
  withId: boolean,
): [text: string, record: OutputRecord] {
  const at = new Date(item.atMs).toISOString();
  const start = `${at}  ${shownTitle(place.group)}  `;
  if (item.kind === "notice") {
    return [`${start}* ${sentenceOf(item)}`, {
      type: "notice",
      ...place,
      notice: item.notice,
      values: item.values,
      at,
    }];
  }
  return [`${start}${messageText(item, withId)}`, {
    type: "message",
    ...place,
    ...messageFields(item),
    sentAt: at,
  }];
}
