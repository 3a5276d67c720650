/**
 * Erases messages whose time is over (specification §7.10, docs/decisions/057-group-data-and-timers.md).
 *
 * A clock alone erases nothing: one that was set ahead by a year would take everything. What counts is the time that
 * this device has seen pass: while it ran, and what the server's clock and its own agree on.
 */

import { SingleFlight } from "../../runtime/single_flight.ts";
import { Timers } from "../../runtime/timers.ts";
import {
  agreementMs,
  overPrefix,
  type OverRecord,
  unreadForMs,
  unreadPrefix,
  type UnreadRecord,
  withEnd,
} from "../conversation/expiry.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import type { MessageLine } from "../conversation/message_line.ts";
import { keys, type LineRecord } from "../conversation/records.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import type { UnitOfWork } from "../conversation/unit_of_work.ts";
import { beginTime } from "./begin_time.ts";
import { eraseLine } from "./erase_line.ts";

/** How many lines are erased in one write. */
const linesAtOnce = 50;
/** The longest pause between two looks, in ms. A clock that goes on by more in between is not believed. */
const longestPauseMs = 600_000;
const creditMs = 1_200_000;
/** Looks at messages that nobody reads, and questions to the server about the time, at most so often, in ms. */
const rarelyMs = 3_600_000;

/** Erases what is over: at the start, when the server has told the time, and when the next message is due. */
export class Disappearing {
  readonly #context: SyncContext;
  readonly #timers: Timers;
  readonly #runs = new SingleFlight();
  readonly #askTime: () => Promise<unknown>;
  /** By the clocks at the last look. */
  #lookedMs: number;
  /** The time that this device has seen pass until then. It may be later than what a clock says that was set back. */
  #seenMs = 0;
  /** The newest time that both clocks had reached, as of the last look. */
  #reachedMs = 0;
  #unreadMs = -Infinity;
  #askedMs = -Infinity;
  #closed = false;

  /** @param askTime asks the server for its time; {@link look} follows */
  constructor(context: SyncContext, askTime: () => Promise<unknown>) {
    this.#context = context;
    this.#timers = new Timers(context.environment);
    this.#askTime = askTime;
    this.#lookedMs = this.#clockMs();
  }

  close(): void {
    this.#closed = true;
    this.#timers.close();
  }

  /** Erases what is over by now, and looks again when the next message is. */
  look(): void {
    void this.#runs.run("look", () => this.#look()).catch((error) => {
      if (this.#closed) return;
      this.#timers.start("look", longestPauseMs, () => this.look());
      this.#context.problem({ code: "L005", detail: `a message could not be erased: ${(error as Error).name}` });
    });
  }

  /** The time of what was read begins. @param isRead whether the line of this place was read @throws StorageError */
  read(unit: UnitOfWork, conversation: ConversationTransaction, isRead: (order: string) => boolean): Promise<void> {
    const { reachedMs = 0 } = this.#context.account.clock;
    return beginTime(this.#context, unit, conversation, isRead, Math.max(this.#seenMs, reachedMs));
  }

  /** The earlier of both clocks: one that is ahead erases nothing early. */
  #clockMs(): number {
    const { clock } = this.#context.account;
    return Math.min(clock.now(), clock.deviceNow());
  }

  /** The time that this device has seen pass. */
  #timeSeen(): number {
    const nowMs = this.#clockMs();
    const passed = Math.min(Math.max(0, nowMs - this.#lookedMs), creditMs);
    this.#lookedMs = nowMs;
    const { reachedMs = 0 } = this.#context.account.clock;
    // Both clocks were ahead, and are right now: only then it goes back.
    const seenMs = reachedMs < this.#reachedMs ? 0 : this.#seenMs;
    this.#reachedMs = reachedMs;
    this.#seenMs = Math.max(seenMs + passed, reachedMs);
    return this.#seenMs;
  }

  async #look(): Promise<void> {
    this.#timers.cancel("look");
    const wholeMs = this.#timeSeen();
    const seenMs = Math.min(wholeMs, this.#clockMs());
    if (seenMs - this.#unreadMs > rarelyMs) await this.#beginUnread(seenMs);
    if (Math.abs(this.#clockMs() - wholeMs) < agreementMs) await this.#bringNearer(this.#context.account.clock.now());
    while (!this.#closed) {
      const page = await this.#context.store.range<OverRecord>("messageids", overPrefix, { limit: linesAtOnce });
      const due = page.filter(({ value }) => value.untilMs <= seenMs);
      for (const chatId of new Set(due.map(({ value }) => value.chatId))) {
        await this.#erase(chatId, due.filter(({ value }) => value.chatId === chatId));
      }
      if (due.length === linesAtOnce) continue;
      this.#lookLater(page[due.length]?.value.untilMs, seenMs);
      return;
    }
  }

  #lookLater(nextMs: number | undefined, seenMs: number): void {
    if (nextMs === undefined || this.#closed) return;
    this.#timers.start("look", Math.min(longestPauseMs, Math.max(1_000, nextMs - seenMs)), () => this.look());
    const nowMs = this.#clockMs();
    if (nextMs > nowMs || Math.abs(nowMs - this.#askedMs) < longestPauseMs) return;
    this.#askedMs = nowMs;
    void this.#askTime().then(() => this.look(), () => {});
  }

  async #erase(chatId: string, due: { key: string; value: OverRecord }[]): Promise<void> {
    await this.#context.conversations.update(async (unit) => {
      const conversation = await unit.conversation(chatId);
      for (const { key, value: { order, untilMs } } of due) {
        unit.delete("messageids", key);
        const line = conversation && await this.#line(chatId, order);
        // An entry of a line that has another end, or place, since.
        if (!line || line.untilMs !== untilMs) continue;
        await eraseLine(this.#context, unit, conversation, line);
        this.#countAsRead(conversation, line);
      }
    });
  }

  async #line(chatId: string, order: string): Promise<MessageLine | undefined> {
    const line = await this.#context.store.get<LineRecord>("messages", keys.line(chatId, order));
    return line?.kind === "message" ? line : undefined;
  }

  /** What is gone is not unread any more. */
  #countAsRead(conversation: ConversationTransaction, { own, order }: MessageLine): void {
    const { unread, reading } = conversation.record;
    const isUnread = !own && unread > 0 && (order > (reading?.to ?? "") || reading?.late?.includes(order));
    if (!isUnread) return;
    const late = reading?.late?.filter((place) => place !== order);
    conversation.set({ unread: unread - 1, ...(reading && { reading: { ...reading, ...(late && { late }) } }) });
  }

  /** A message that nobody reads here is gone some time, too. */
  async #beginUnread(seenMs: number): Promise<void> {
    this.#unreadMs = seenMs;
    let after: string | undefined;
    while (!this.#closed) {
      const page = await this.#context.store.range<UnreadRecord>("messageids", unreadPrefix(), {
        limit: linesAtOnce,
        ...(after !== undefined && { after }),
      });
      for (const { key, value: { chatId, order, arrivedMs } } of page) {
        if (arrivedMs + unreadForMs > seenMs) continue;
        await this.#context.conversations.update(async (unit) => {
          const conversation = await unit.conversation(chatId);
          unit.delete("messageids", key);
          const line = conversation && await this.#line(chatId, order);
          if (line) conversation.change(withEnd(line, seenMs));
        });
      }
      if (page.length < linesAtOnce) return;
      after = page.at(-1)!.key;
    }
  }

  /** A clock that was wrong when a message was read has put its end too far away. @param nowMs by the server's clock */
  async #bringNearer(nowMs: number): Promise<void> {
    while (!this.#closed) {
      const page = await this.#context.store.range<OverRecord>("messageids", overPrefix, {
        reverse: true,
        limit: linesAtOnce,
      });
      const tooFar = page.filter(({ value }) => value.untilMs > nowMs + value.timerMs + agreementMs);
      for (const { key, value } of tooFar) {
        await this.#context.conversations.update(async (unit) => {
          const conversation = await unit.conversation(value.chatId);
          unit.delete("messageids", key);
          const line = conversation && await this.#line(value.chatId, value.order);
          if (!line || line.untilMs !== value.untilMs) return;
          conversation.change({ ...line, untilMs: nowMs + value.timerMs });
        });
      }
      if (tooFar.length < linesAtOnce) return;
    }
  }
}
