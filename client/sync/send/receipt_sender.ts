/**
 * Tells the others of a conversation what this account has received and read of it (specification §7.9). What is new is
 * gathered; the newest message of each kind stands for all before it. What was told last is in the conversation's
 * record, so a device that was offline tells it once, and nothing waits in the outbox meanwhile.
 */

import { fromHex, toHex } from "../../../schema/bytes.ts";
import { encodeMimiContent } from "../../content/mimi_content.ts";
import { writeReceipt } from "../../content/receipt.ts";
import { Timers } from "../../runtime/timers.ts";
import { isWaitingKey } from "../conversation/places.ts";
import { maySendReceipts } from "../conversation/receipt_marks.ts";
import type { ConversationRecord } from "../conversation/records.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import type { Outbox } from "./outbox.ts";
import { turnOf } from "./own_turn.ts";

/** A conversation gets at most one receipt of this device in this time, in ms. */
const receiptEveryMs = 2_000;
/** How many of the newest lines are searched for the newest message of somebody else, and how many at once. */
const linesAtMost = 200;
const linesAtOnce = 20;

/** A message that a receipt names. */
interface Named {
  order: string;
  /** Its MIMI id as hex. */
  id: string;
}

/** Sends receipts, while there is a connection. */
export class ReceiptSender {
  readonly #context: SyncContext;
  readonly #outbox: Pick<Outbox, "enqueue" | "hasWaiting" | "maySend">;
  readonly #report: (error: unknown) => void;
  readonly #timers: Timers;
  #connected = false;

  constructor(
    context: SyncContext,
    outbox: Pick<Outbox, "enqueue" | "hasWaiting" | "maySend">,
    report: (error: unknown) => void,
  ) {
    this.#context = context;
    this.#outbox = outbox;
    this.#report = report;
    this.#timers = new Timers(context.environment);
  }

  /** Messages may be sent from now on: what was not told yet is told. */
  connected(): void {
    this.#connected = true;
    for (const { id, record } of this.#context.conversations.all()) if (mayHaveNews(record)) this.due(id);
  }

  /** Nothing is sent until {@link connected}. */
  disconnected(): void {
    this.#connected = false;
  }

  close(): void {
    this.#timers.close();
  }

  /** Something was received or read in a conversation, or may be told now. */
  due(chatId: string): void {
    if (!this.#connected || this.#timers.has(chatId)) return;
    this.#timers.start(chatId, receiptEveryMs, () => this.#run(chatId, false));
  }

  #run(chatId: string, isTurn: boolean): void {
    void this.#send(chatId, isTurn).catch(this.#report);
  }

  /** @param isTurn the account's devices before this one have had their time */
  async #send(chatId: string, isTurn: boolean): Promise<void> {
    const { conversations } = this.#context;
    const record = conversations.get(chatId)?.record;
    // What waits goes first; the end of that brings this here again.
    if (!this.#connected || !record || !this.#isOpen(record) || this.#outbox.hasWaiting(chatId)) return;
    if (!await this.#outbox.maySend(chatId)) return;
    const news = await this.#news(chatId, record);
    if (!news) return;
    if (!news.read && !isTurn) {
      const turn = await turnOf(this.#context, chatId);
      if (turn > 0) return this.#timers.start(chatId, turn * receiptEveryMs, () => this.#run(chatId, true));
    }
    const { delivered, read } = news;
    await conversations.update(async (unit) => {
      const conversation = await unit.conversation(chatId);
      if (!conversation || !this.#isOpen(conversation.record) || this.#outbox.hasWaiting(chatId)) return;
      const told = conversation.record.receipts ?? { delivered: "", read: "" };
      const ids = {
        ...(delivered && { delivered: fromHex(delivered.id) }),
        ...(read && { read: fromHex(read.id) }),
      };
      await this.#outbox.enqueue(unit, conversation, {
        messageId: toHex(crypto.getRandomValues(new Uint8Array(16))),
        order: conversation.changes.reserveWaitingPlace(),
        kind: "message",
        isChange: true,
        receipt: { delivered: delivered?.order ?? told.delivered, read: read?.order ?? told.read },
        content: encodeMimiContent(writeReceipt(ids, crypto.getRandomValues(new Uint8Array(16)))),
      });
    });
  }

  /** A conversation with somebody whom the user blocks gets no receipt. */
  #isOpen(record: Readonly<ConversationRecord>): boolean {
    return maySendReceipts(record, (accountKey) => this.#context.account.settings.isBlocked(accountKey));
  }

  /** @returns what the others do not know yet; undefined where there is nothing */
  async #news(
    chatId: string,
    { reading = { to: "" }, receipts: told = { delivered: "", read: "" } }: Readonly<ConversationRecord>,
  ): Promise<{ delivered?: Named; read?: Named } | undefined> {
    const newest = await this.#newestOfOthers(chatId);
    const delivered = newest && newest.order > told.delivered ? newest : undefined;
    // What came late into a place before was not seen, and a receipt could not say so.
    const isTold = this.#context.privacy.readReceipts && !reading.late?.length && reading.to > told.read;
    const seen = isTold ? await this.#newestOfOthers(chatId, `${reading.to}\0`) : undefined;
    const read = seen && seen.order > told.read ? seen : undefined;
    if (!delivered && !read) return undefined;
    return { ...(delivered && { delivered }), ...(read && { read }) };
  }

  /** @param before a place: only lines before it */
  async #newestOfOthers(chatId: string, before?: string): Promise<Named | undefined> {
    for (let lines = 0; lines < linesAtMost; lines += linesAtOnce) {
      const page = await this.#context.conversations.lines(chatId, before, linesAtOnce);
      for (const line of page.toReversed()) {
        if (line.kind !== "message" || line.own || isWaitingKey(line.order) || !line.mimiId) continue;
        return { order: line.order, id: line.mimiId };
      }
      if (page.length < linesAtOnce) return undefined;
      before = page[0].order;
    }
    return undefined;
  }
}

/** Whether the record may have something to tell, without a look at its lines. */
function mayHaveNews({ receipts, lastMessage, reading }: Readonly<ConversationRecord>): boolean {
  return receipts !== undefined &&
    ((lastMessage?.order ?? "") > receipts.delivered || (reading?.to ?? "") > receipts.read);
}
