/**
 * Asks for messages that did not open here (specification §3.8).
 *
 * Each request goes to the device that the message names as its sender, and names one message. The records of what is
 * missed are on disk, so a restart loses no request. The answers come through the inbox (receive/incoming_given.ts),
 * and giving_again.ts makes them.
 */

import { type Bytes, equalBytes, fromHex, toHex } from "../../../schema/bytes.ts";
import type { SealedRecord } from "../../storage/sealed_store.ts";
import { SingleFlight } from "../../runtime/single_flight.ts";
import { RecentCounts } from "../../runtime/recent_counts.ts";
import { Timers } from "../../runtime/timers.ts";
import { maxMissed, missedKey, missedPrefix, type MissedRecord } from "../conversation/missed_messages.ts";
import type { ConversationRecord } from "../conversation/records.ts";
import { isMember } from "../conversation/standing.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { none, sendDeviceMessage } from "../device_messages/device_messages.ts";

/** How many requests one device gets from this one in an hour. */
const maxAsksPerHour = 10;
/** How often one message is asked for: a second time only where the answer did not come, or did not open. */
const asksEach = 2;
/** So long, in ms, the first request for a message may go without an answer. */
const hourMs = 3_600_000;
/**
 * The shortest time between two looks through all that is missed in a chat, but for new connections. A look takes up to
 * a second, and a member can send as many messages that do not open as it likes.
 */
const lookEachMs = 60_000;

/** Sends the requests of this device. */
export class AskingAgain {
  readonly #context: SyncContext;
  readonly #timers: Timers;
  readonly #runs = new SingleFlight();
  /** When the pending look of a chat is due, in ms. */
  readonly #looks = new Map<string, number>();
  /** Keys of records whose request is on its way. */
  readonly #sending = new Set<string>();
  /** Requests, by device as hex. */
  readonly #asked: RecentCounts;
  /** What was given without a request and did not open: asked for once. */
  readonly #unopened = new Set<string>();

  constructor(context: SyncContext) {
    this.#context = context;
    this.#timers = new Timers(context.environment);
    this.#asked = new RecentCounts(() => context.environment.now());
  }

  close(): void {
    this.#timers.close();
  }

  /** The network is back: what could not be sent, or had no answer, is asked for. */
  async connected(): Promise<void> {
    for (const { id } of this.#context.conversations.all()) await this.look(id);
  }

  /** Asks for what is missed in a chat, within the limits. @throws StorageError, TransportError, WireError */
  async look(chatId: string): Promise<void> {
    await this.#runs.run(chatId, async () => {
      // A stranger learns nothing of this device before the user has accepted.
      if (!this.#mayAsk(chatId)) return;
      const prefix = missedPrefix(chatId);
      await this.#ask(
        chatId,
        await this.#context.store.range<MissedRecord>("messageids", prefix, { limit: 2 * maxMissed }),
      );
    });
  }

  /** One message did not open. @param key of its record. @throws StorageError, TransportError, WireError */
  async missed(chatId: string, key: string): Promise<void> {
    if (!this.#mayAsk(chatId)) return;
    const value = await this.#context.store.get<MissedRecord>("messageids", key);
    if (value) await this.#ask(chatId, [{ key, value }]);
  }

  /**
   * What `from` gave to this device did not open, so it was sealed to an earlier leaf key. @throws StorageError,
   * TransportError, WireError
   */
  async givenUnopened(chatId: string, from: Bytes, { messageId, n }: { messageId: Bytes; n: number }): Promise<void> {
    const { conversations, mls, store } = this.#context;
    const state = await conversations.withState(chatId);
    const sender = state && mls.members(state).find(({ recipientKey }) => equalBytes(recipientKey, from));
    const record = conversations.get(chatId)?.record;
    if (!sender || !record || record.invitation) return;
    const [device, id] = [toHex(from), toHex(messageId)];
    const key = missedKey(chatId, toHex(sender.credential.accountKey), id);
    if (await store.get<MissedRecord>("messageids", key)) {
      await this.#change(chatId, key, ({ askedMs: _asked, ...missed }) => missed);
      return await this.missed(chatId, key);
    }
    const given = `${device}/${id}`;
    if (this.#unopened.has(given) || this.#asked.count(device) >= maxAsksPerHour) return;
    this.#unopened.add(given);
    await this.#send(record, device, { messageId, n });
  }

  #mayAsk(chatId: string): boolean {
    const record = this.#context.conversations.get(chatId)?.record;
    return record?.unopened !== undefined && isMember(record) && !record.invitation;
  }

  async #ask(chatId: string, found: Pick<SealedRecord<MissedRecord>, "key" | "value">[]): Promise<void> {
    const { conversations, environment, mls } = this.#context;
    const missed = found.filter(({ value }) => value.device !== undefined && value.asks < asksEach)
      .sort((a, b) => a.value.asks - b.value.asks || a.value.atMs - b.value.atMs);
    if (missed.length === 0) return;
    const state = await conversations.withState(chatId);
    const record = conversations.get(chatId)?.record;
    if (!record) return;
    const present = new Set(state ? mls.members(state).map(({ recipientKey }) => toHex(recipientKey)) : []);
    let nextMs = Infinity;
    for (const { key, value: { device, epoch, asks, askedMs = -Infinity } } of missed) {
      if (device === undefined || !present.has(device) || this.#sending.has(key)) continue;
      const nowMs = environment.now();
      const dueMs = Math.max(this.#asked.freeMs(device, maxAsksPerHour), askedMs + hourMs);
      if (dueMs > nowMs) {
        nextMs = Math.min(nextMs, dueMs);
        continue;
      }
      this.#sending.add(key);
      let isTaken = false;
      try {
        // Stored first: the answer may be here before the next line runs.
        const isNext = await this.#change(
          chatId,
          key,
          (before) => before.asks === asks ? { ...before, asks: asks + 1, askedMs: nowMs } : undefined,
        );
        if (!isNext) {
          isTaken = true;
          continue;
        }
        const messageId = fromHex(key.slice(key.lastIndexOf("/") + 1));
        isTaken = await this.#send(record, device, { messageId, n: epoch });
        if (!isTaken || asks + 1 < asksEach) nextMs = Math.min(nextMs, nowMs + hourMs);
      } finally {
        this.#sending.delete(key);
        if (!isTaken) await this.#change(chatId, key, ({ askedMs: _asked, ...before }) => ({ ...before, asks }));
      }
    }
    if (nextMs < Infinity) this.#lookAt(chatId, nextMs);
  }

  #lookAt(chatId: string, dueMs: number): void {
    const nowMs = this.#context.environment.now();
    const atMs = Math.max(dueMs, nowMs + lookEachMs);
    if ((this.#looks.get(chatId) ?? Infinity) <= atMs) return;
    this.#looks.set(chatId, atMs);
    this.#timers.start(chatId, atMs - nowMs, () => {
      this.#looks.delete(chatId);
      void this.look(chatId).catch(() => {});
    });
  }

  async #send(
    { channelId }: Readonly<ConversationRecord>,
    device: string,
    { messageId, n }: { messageId: Bytes; n: number },
  ): Promise<boolean> {
    this.#asked.note(device);
    try {
      return await sendDeviceMessage(this.#context, channelId, fromHex(device), {
        kind: "again",
        n,
        commitId: none,
        messageId,
      });
    } catch (error) {
      // It did not get there, and the next connection asks.
      this.#asked.takeBack(device);
      throw error;
    }
  }

  /** @param change gives the record as it is from now on, or undefined @returns whether there is one to change */
  async #change(
    chatId: string,
    key: string,
    change: (missed: MissedRecord) => MissedRecord | undefined,
  ): Promise<boolean> {
    const { conversations, store } = this.#context;
    return await conversations.update(async (unit) => {
      // Holds the chat's mutex: the message may come meanwhile.
      await unit.conversation(chatId);
      const missed = await store.get<MissedRecord>("messageids", key);
      const changed = missed && change(missed);
      if (changed) unit.put("messageids", key, changed);
      return changed !== undefined;
    });
  }
}
