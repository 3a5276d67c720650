/**
 * The queue of messages and leave requests that wait for the server's answer, in order per conversation.
 *
 * Sealing moves the ratchet. So the sealed bytes, the ratchet and the line of the conversation go to disk in
 * one write before any byte is sent (specification §4.2).
 */

import { LocalCode } from "../../api/errors.ts";
import { longestDelayMs } from "../../runtime/backoff.ts";
import { SingleFlight } from "../../runtime/single_flight.ts";
import { Timers } from "../../runtime/timers.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import { keys, type LineRecord, resendForMs, type SeenRecord } from "../conversation/records.ts";
import {
  isTold,
  outboxFromStored,
  type OutboxRecord,
  outboxToStored,
  type StoredOutbox,
} from "../conversation/outbox_record.ts";
import { moveLine, takenPlace } from "../conversation/moved_line.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import type { UnitOfWork } from "../conversation/unit_of_work.ts";
import { outboxKey, type Outcome, Publisher } from "./publisher.ts";
import { noteChange } from "./sent_changes.ts";
import { settledLine } from "./settled_line.ts";
import { type SendGate, SendHolds } from "./send_holds.ts";
import { isNextToSeal } from "./send_order.ts";

/** Messages that wait for the server's answer. The same bytes are sent again until the answer comes. */
export class Outbox {
  readonly #context: SyncContext;
  readonly #holds: SendHolds;
  readonly #publisher: Publisher;
  readonly #waiting = new Map<string, OutboxRecord[]>();
  /** One run a conversation at a time. */
  readonly #runs = new SingleFlight();
  /** Conversations whose next attempt waits for a time or an epoch. */
  readonly #retries: Timers;
  /** Conversations with a message whose write failed: it may be on disk, and no tab need send it again. */
  readonly #inDoubt = new Set<string>();
  /** The lines of waiting messages by their outbox key, so that "sent" needs no reading. */
  readonly #lines = new Map<string, LineRecord>();
  #connected = false;
  #closed = false;

  constructor(context: SyncContext, gate: SendGate) {
    this.#context = context;
    this.#retries = new Timers(context.environment);
    this.#holds = new SendHolds(context, gate);
    this.#publisher = new Publisher(context, this.#holds, () => this.#connected);
  }

  /** Reads the waiting messages. Drops resends that have been held for too long. @throws StorageError */
  async load(): Promise<void> {
    const { store, account } = this.#context;
    const deletes: { store: "outbox"; key: string }[] = [];
    for (const { key, value } of await store.range<StoredOutbox>("outbox", "")) {
      const record = outboxFromStored(value);
      if (record.excludedAccounts && record.resendSinceMs! + resendForMs < account.clock.now()) {
        deletes.push({ store: "outbox", key });
        continue;
      }
      this.#queue(record.chatId).push(record);
      this.#publisher.noteAttempted(outboxKey(record));
    }
    if (deletes.length > 0) await store.write({ deletes });
  }

  /** The connection is ready: everything that waits for an answer is sent again. */
  connected(): void {
    this.#connected = true;
    this.#publisher.connected();
    for (const chatId of this.#waiting.keys()) this.flush(chatId);
  }

  /** From now on nothing is sent until {@link connected}. */
  disconnected(): void {
    this.#connected = false;
  }

  close(): void {
    this.#closed = true;
    this.#retries.close();
  }

  /**
   * Seals the message if it is its turn and that is possible now, and puts it into the unit. The caller has appended
   * its line to the conversation.
   *
   * @param message without `sealed`
   */
  async enqueue(
    unit: UnitOfWork,
    conversation: ConversationTransaction,
    message: Omit<OutboxRecord, "sealed" | "chatId" | "behind">,
  ): Promise<void> {
    await this.#settleDoubt(conversation.id);
    // The user's decision may be newer than the last look at it: who may write now may send what waited, too.
    const sealed = isNextToSeal(this.#sendable(conversation.id, false), conversation)
      ? await this.#publisher.seal(conversation, message)
      : undefined;
    if (isTold(message) && !sealed) return;
    const behind = conversation.changes.newestStart();
    const record: OutboxRecord = { ...message, behind, chatId: conversation.id, ...(sealed && { sealed }) };
    const key = outboxKey(record);
    unit.put("outbox", key, outboxToStored(record), { channelId: conversation.storageId });
    const shown = conversation.lines.findLast(({ order }) => order === record.order);
    unit.onceStored(() => {
      if (shown) this.#lines.set(key, shown);
      this.#queue(conversation.id).push(record);
      this.flush(conversation.id);
    });
    unit.ifInDoubt(() => {
      this.#inDoubt.add(conversation.id);
      this.#flushLater(conversation.id);
    });
  }

  /** Finds messages on disk whose write was told to have failed. The caller holds the chat's mutex. */
  async #settleDoubt(chatId: string): Promise<void> {
    if (!this.#inDoubt.has(chatId)) return;
    const queue = this.#queue(chatId);
    for (const { value } of await this.#context.store.range<StoredOutbox>("outbox", `${chatId}/`)) {
      const record = outboxFromStored(value);
      if (queue.some(({ order }) => order === record.order)) continue;
      queue.push(record);
      this.#publisher.noteAttempted(outboxKey(record));
    }
    this.#inDoubt.delete(chatId);
  }

  #flushLater(chatId: string): void {
    if (!this.#closed) this.#retries.start(chatId, longestDelayMs, () => this.flush(chatId));
  }

  /**
   * Resends messages that the server had before. They are sealed before the waiting ones that are not sealed yet.
   * Receivers and the server deduplicate by message id.
   *
   * @param messages are on disk already
   */
  resend(chatId: string, messages: OutboxRecord[]): void {
    const queue = this.#queue(chatId);
    for (const waiting of queue) {
      const again = messages.find(({ order }) => order === waiting.order);
      if (!again) continue;
      // What was given to devices alone may be lost as well. Earlier versions did not note the first sending.
      delete waiting.toGive;
      if (again.firstSent) waiting.firstSent ??= again.firstSent;
    }
    queue.unshift(...messages.filter(({ order }) => queue.every((waiting) => waiting.order !== order)));
    this.flush(chatId);
  }

  /**
   * The conversation has moved to another channel. A device that moved first has dropped what it was given alone in the
   * channel before, so all of that is given again.
   *
   * @param messages that are resent there; they are on disk already
   */
  moved(chatId: string, messages: OutboxRecord[]): void {
    for (const waiting of this.#queue(chatId)) delete waiting.toGive;
    this.resend(chatId, messages);
  }

  /** Whether messages may be sent in the conversation now: no decision of the user is due (specification §1.6). */
  async maySend(chatId: string): Promise<boolean> {
    return !await this.#holds.lookAtTrust(chatId);
  }

  /** Resends that wait because a device came into the group after their first sending (GRP-6.8). */
  held(chatId: string): OutboxRecord[] {
    return this.#queue(chatId).filter((record) => record.firstSent && this.#holds.isExcluded(record));
  }

  /** Sends the waiting messages of a conversation now. */
  flush(chatId: string): void {
    void this.#runs.run(chatId, async () => {
      if (this.#closed) return;
      this.#retries.cancel(chatId);
      if (this.#queue(chatId).length > 0 || this.#inDoubt.has(chatId)) await this.#drain(chatId);
    });
  }

  /**
   * How many messages and requests wait for the server's answer. Messages that wait for a decision of the
   * user, or until an excluded account has left, do not count.
   */
  get waiting(): number {
    return [...this.#waiting].reduce((sum, [chatId, queue]) => {
      const blocked = this.#holds.isBlockedOnTrust(chatId);
      return sum + queue.filter((record) => this.#mayGo(record, blocked)).length;
    }, 0);
  }

  /**
   * A later message has changed an own line. The cached line is void, and a deleted message is not sent any
   * more.
   */
  lineChanged(chatId: string, order: string, isDeleted: boolean): void {
    const key = outboxKey({ chatId, order });
    this.#lines.delete(key);
    if (!isDeleted) return;
    const queue = this.#queue(chatId);
    const index = queue.findIndex((record) => record.order === order);
    if (index >= 0) queue.splice(index, 1);
    this.#publisher.forget(key);
  }

  /** Whether anything waits here. */
  hasWaiting(chatId: string): boolean {
    return this.#queue(chatId).length > 0;
  }

  /** Whether a leave request waits here. */
  isLeaving(chatId: string): boolean {
    return this.#queue(chatId).some(({ kind }) => kind === "leave");
  }

  /** This device is out of the group: the waiting messages can not be sent any more. */
  async abandon(chatId: string): Promise<void> {
    const errorCode = LocalCode.notInChat;
    for (const record of [...this.#queue(chatId)]) {
      await this.#settle(chatId, [{ record, state: "failed", errorCode }]);
    }
  }

  #queue(chatId: string): OutboxRecord[] {
    let queue = this.#waiting.get(chatId);
    if (!queue) this.#waiting.set(chatId, queue = []);
    return queue;
  }

  #sendable(chatId: string, blocked: boolean): OutboxRecord[] {
    return this.#queue(chatId).filter((record) => this.#mayGo(record, blocked));
  }

  #mayGo(record: OutboxRecord, blockedOnTrust: boolean): boolean {
    return (!blockedOnTrust || record.kind === "leave") && !this.#holds.isExcluded(record);
  }

  async #drain(chatId: string): Promise<void> {
    const queue = this.#queue(chatId);
    try {
      if (this.#inDoubt.has(chatId)) {
        await this.#context.conversations.update(async (unit) => {
          if (await unit.conversation(chatId)) await this.#settleDoubt(chatId);
        });
      }
      while (!this.#closed && queue.length > 0) {
        const blocked = await this.#holds.lookAtTrust(chatId);
        const sendable = this.#sendable(chatId, blocked);
        const holdMs = blocked ? this.#holds.goneHoldMs(chatId) : 0;
        if (holdMs > 0) this.#retries.start(chatId, holdMs, () => this.flush(chatId));
        if (sendable.length === 0 || !await this.#send(chatId, sendable)) return;
      }
    } catch (error) {
      // The storage failed. The sealed bytes are on disk, and there may be room again soon.
      if (!this.#closed) {
        this.#flushLater(chatId);
        this.#context.problem({ code: "L005", detail: `the outbox stopped: ${(error as Error).name}` });
      }
    }
  }

  /** @returns whether to continue with the queue */
  async #send(chatId: string, sendable: OutboxRecord[]): Promise<boolean> {
    const { outcomes, next } = await this.#publisher.attempt(
      chatId,
      sendable,
      (record) => this.#queue(chatId).includes(record),
    );
    const isStored = outcomes.length === 0 || await this.#settle(chatId, outcomes).then(() => true, () => false);
    const after = isStored ? next : this.#publisher.retry(chatId);
    if (typeof after === "object") this.#retries.start(chatId, after.afterMs, () => this.flush(chatId));
    return after === "again";
  }

  /**
   * The messages wait no more; their lines say what became of them, in one write. What was sent to a channel that the
   * conversation has left meanwhile still waits.
   *
   * @throws StorageError
   */
  async #settle(chatId: string, outcomes: Outcome[]): Promise<void> {
    const settled = await this.#context.conversations.update(async (unit) => {
      const conversation = await unit.conversation(chatId);
      const done: Outcome[] = [];
      for (const outcome of outcomes) {
        // The move was being written when the answer came, and what it resends lacks this message.
        if (outcome.state === "sent" && this.#publisher.hasMoved(outcome.record)) continue;
        unit.delete("outbox", outboxKey(outcome.record));
        if (conversation) await this.#note(unit, conversation, outcome);
        done.push(outcome);
      }
      return done;
    });
    const queue = this.#queue(chatId);
    for (const { record } of settled) {
      const index = queue.indexOf(record);
      if (index >= 0) queue.splice(index, 1);
      this.#publisher.forget(outboxKey(record));
      this.#lines.delete(outboxKey(record));
    }
    const { events } = this.#context;
    const isMessage = (record: OutboxRecord) => record.kind === "message" && !isTold(record);
    if (settled.some(({ state, record }) => state === "sent" && isMessage(record))) events.emit("sent", chatId);
    if (settled.some(({ record }) => isTold(record))) events.emit("receiptSettled", chatId);
  }

  /** Notes in the conversation what became of a message or of a request to leave. */
  async #note(unit: UnitOfWork, conversation: ConversationTransaction, outcome: Outcome): Promise<void> {
    const { record, state } = outcome;
    const { chatId, order, kind, resendSinceMs } = record;
    if (kind === "leave") {
      if (state === "failed") conversation.set({ leaving: false });
      // A restored server may lose it (recovery/restored.ts).
      else unit.put("epochs", keys.sentLeave(chatId), outboxToStored(record), { channelId: conversation.storageId });
      return;
    }
    if (record.isChange) return noteChange(unit, conversation, outcome);
    // A resend is already shown as sent, and that remains true.
    if (resendSinceMs !== undefined && state === "failed") return;
    const line = this.#lines.get(outboxKey(record)) ??
      await this.#context.store.get<LineRecord>("messages", keys.line(chatId, order));
    if (line?.kind !== "message" || line.deleted) return;
    // A resend keeps its first place.
    const nowMs = this.#context.account.clock.now();
    if (line.sentIn) return conversation.change(settledLine(line, outcome, nowMs));
    if (line.timerMs !== undefined) unit.onceStored(() => this.#context.events.emit("timed"));
    const taken = outcome.state === "sent"
      ? takenPlace(conversation, order, outcome, { behind: record.behind, nowMs })
      // New lines come behind what has failed. To send it again puts it last again.
      : { order: conversation.reservePlace() };
    const placed = { ...settledLine(line, outcome, nowMs), ...taken };
    await moveLine(this.#context, unit, conversation, placed, {
      from: order,
      content: record.content,
      mimiId: record.mimiId,
    });
  }
}

/** Records that an own message is being sent, so that a second call with its id sends nothing. */
export function markOwn(unit: UnitOfWork, chatId: string, ownKey: string, messageId: string, seen: SeenRecord): void {
  const key = keys.seen(chatId, ownKey, messageId);
  unit.requireAbsent("messageids", key);
  unit.put("messageids", key, seen);
}
