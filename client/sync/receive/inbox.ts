/**
 * Handles the device's queue strictly in the order of seq.
 *
 * All effects of an entry go to disk in one write: ratchets, epochs, history and the cursor. Only then is the
 * entry acknowledged. A foreign entry never throws, and never blocks the entries behind it.
 */

import { concat, toHex } from "../../../schema/bytes.ts";
import { codeName, TransportError, WireError } from "../../../schema/rpc/errors.ts";
import { delivery, type Entry, EntryKind } from "../../../schema/rpc/methods.ts";
import { EngineError, LocalCode } from "../../api/errors.ts";
import { GuardError, StorageError, StorageFullError } from "../../storage/storage.ts";
import { storeRemovalNotice } from "../device_messages/removal_notice.ts";
import { receiveGiven } from "./incoming_given.ts";
import { receiveCommit, receiveOwnCommit, receiveRemoval } from "./incoming_commit.ts";
import { receiveMessage } from "./incoming_message.ts";
import { receiveWelcome } from "./incoming_welcome.ts";
import { cursorKey } from "../conversation/records.ts";
import { fallOutOfStep, refuse, remember } from "./rejection.ts";
import { arrivalOf, type EntryContext } from "../conversation/entry_context.ts";
import { type DeviceMessage, openDeviceMessage } from "../device_messages/device_messages.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import type { UnitOfWork } from "../conversation/unit_of_work.ts";
import { isIn } from "../conversation/standing.ts";

/** Entries that share one write when many wait. */
const batchSize = 32;
/** How often an entry that can not be stored is tried by itself. */
const triesAlone = 3;
const ackAfterEntries = 100;
const ackAfterMs = 200;

/**
 * Handles the queue's entries in order. Each entry's state and the cursor are written in one transaction,
 * before the entry is acknowledged.
 */
export class Inbox {
  readonly #context: SyncContext;
  readonly #onDeviceMessage: (message: DeviceMessage) => void;
  #cursor = 0;
  #acked = 0;
  #acking: Promise<void> = Promise.resolve();
  #cancelAck: (() => void) | undefined;
  /** The entry that stopped the queue because it could not be stored. */
  #unstored: { seq: number; tries: number } | undefined;

  /** @param onDeviceMessage gets messages of other devices to this device, once their entry is on disk */
  constructor(context: SyncContext, onDeviceMessage: (message: DeviceMessage) => void) {
    this.#context = context;
    this.#onDeviceMessage = onDeviceMessage;
  }

  /** The highest seq whose effects are on disk. */
  get cursor(): number {
    return this.#cursor;
  }

  /** @throws StorageError */
  async load(): Promise<void> {
    this.#cursor = await this.#context.store.get<number>("account", cursorKey) ?? 0;
  }

  /**
   * Handles one element of the subscription.
   *
   * @throws when processing has to stop here and continue later from the cursor: the storage failed, or a
   *   needed answer of the network did not come
   */
  async receive(entries: Entry[]): Promise<void> {
    const fresh = entries.filter(({ seq }) => seq > this.#cursor).sort((a, b) => a.seq - b.seq);
    for (let start = 0; start < fresh.length; start += batchSize) {
      await this.#processBatch(fresh.slice(start, start + batchSize));
    }
    // Repeats are acknowledged too: their acknowledgement may have been lost.
    if (entries.some(({ seq }) => seq > 0 && seq <= this.#cursor)) this.#scheduleAck();
  }

  /**
   * After a reconnect: acknowledges the entries on disk, because the last acknowledgement may have been lost.
   */
  connected(): void {
    this.#acked = 0;
    if (this.#cursor > 0) this.#scheduleAck();
  }

  /**
   * The server has never given such a number: its queue was repaired, or it is another one. The queue is read from its
   * beginning. What is on disk is told by its messageId or commitId.
   *
   * @throws StorageError
   */
  async restart(): Promise<void> {
    this.close();
    await this.#context.conversations.update((unit) => Promise.resolve(unit.put("account", cursorKey, 0)));
    this.#cursor = 0;
    this.#acked = 0;
    this.#unstored = undefined;
  }

  /** Acknowledges at once what is on disk. Resolves when the server has answered, or will not. */
  async acknowledge(): Promise<void> {
    this.close();
    if (this.#cursor > this.#acked) this.#ack();
    await this.#acking;
  }

  close(): void {
    this.#cancelAck?.();
    this.#cancelAck = undefined;
  }

  /**
   * Handles a batch. When its write fails, each entry is tried by itself, so that one bad entry does not keep
   * the others from being stored.
   */
  async #processBatch(batch: Entry[]): Promise<void> {
    try {
      await this.#processUnit(batch);
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      for (const entry of batch.filter(({ seq }) => seq > this.#cursor)) await this.#processAlone(entry);
    }
  }

  /**
   * Handles one entry. An entry that can not be stored after several tries is given up, if its mark can be
   * stored. While the storage is full, all entries wait on the server: the mark may find room where the entry does
   * not, and the entry would be lost.
   */
  async #processAlone(entry: Entry): Promise<void> {
    try {
      await this.#processUnit([entry]);
      this.#unstored = undefined;
    } catch (error) {
      if (!(error instanceof StorageError) || error instanceof StorageFullError) throw error;
      const tries = this.#unstored?.seq === entry.seq ? this.#unstored.tries + 1 : 1;
      this.#unstored = { seq: entry.seq, tries };
      if (tries < triesAlone) throw error;
      await this.#context.conversations.update(async (unit) => {
        const bare = { ...entry, header: new Uint8Array(), body: new Uint8Array() };
        await this.#giveUp(this.#received(unit, bare), error, "storage");
        unit.put("account", cursorKey, entry.seq);
      });
      this.#cursor = entry.seq;
      this.#scheduleAck();
    }
  }

  async #processUnit(batch: Entry[]): Promise<void> {
    try {
      await this.#writeUnit(batch, false);
    } catch (error) {
      // A message of the batch was stored before. Nothing was written, so the batch runs again and looks for
      // each message.
      if (!(error instanceof GuardError) || error.code === "fenced") throw error;
      await this.#writeUnit(batch, true);
    }
  }

  async #writeUnit(batch: Entry[], careful: boolean): Promise<void> {
    let interruption: unknown;
    let reached = this.#cursor;
    await this.#context.conversations.update(async (unit) => {
      for (const entry of batch) {
        try {
          await this.#process(this.#received(unit, await this.#withBody(entry)), careful);
        } catch (error) {
          if (!isTransient(error)) {
            await this.#giveUp(this.#received(unit, entry), error);
          } else {
            // The entries before this one are written. This entry and those behind it come again from the
            // cursor.
            interruption = error;
            break;
          }
        }
        reached = entry.seq;
        unit.put("account", cursorKey, reached);
      }
    });
    this.#cursor = reached;
    this.#scheduleAck();
    if (interruption !== undefined) throw interruption;
  }

  async #process(received: EntryContext, careful: boolean): Promise<void> {
    const { unit, entry } = received;
    unit.arrival = arrivalOf(this.#context, entry);
    switch (entry.kind) {
      case EntryKind.APPLICATION:
        return await receiveMessage(received, careful);
      case EntryKind.COMMIT:
        return await receiveCommit(received);
      case EntryKind.OWN_COMMIT:
        return await receiveOwnCommit(received);
      case EntryKind.WELCOME:
        return await receiveWelcome(received);
      case EntryKind.REMOVED:
        return await receiveRemoval(received);
      case EntryKind.GAP: {
        const chatId = unit.chatOf(entry.channelId);
        const conversation = chatId === undefined ? undefined : await unit.conversation(chatId);
        conversation?.notice("gap", { count: String(entry.epoch) }, entry.receivedMs);
        return;
      }
      case EntryKind.DIRECT:
        return await this.#receiveDeviceMessage(received);
      default:
        remember(received, toHex(entry.channelId), "kind");
    }
  }

  /**
   * A removal notice goes into the unit, because the removal may be the next entry; the content of a message, because
   * it comes only once. Other device messages are handled later.
   */
  async #receiveDeviceMessage(received: EntryContext): Promise<void> {
    const { unit, entry } = received;
    const message = await openDeviceMessage(entry.body, entry.channelId, this.#context.account.recipientKey);
    if (message?.content.kind === "removing") await storeRemovalNotice(received, message);
    else if (message?.content.kind === "given") await receiveGiven(received, { ...message, content: message.content });
    else if (message) unit.onceStored(() => this.#onDeviceMessage(message));
  }

  /**
   * Gives up an entry that a bug of this client meets, or that can not be stored. It must not block the
   * queue.
   */
  async #giveUp(
    received: EntryContext,
    error: unknown,
    reason: "internal" | "storage" = "internal",
  ): Promise<void> {
    const { unit, entry } = received;
    this.#context.problem({
      code: reason === "storage" ? "L005" : "L050",
      detail: `an entry could not be processed: ${(error as Error).name}`,
    });
    const chatId = unit.chatOf(entry.channelId);
    const conversation = chatId === undefined ? undefined : await unit.conversation(chatId);
    // After a commit that was not followed, no later commit can be. This device has to be re-added.
    if (conversation && isIn(conversation.record) && entry.kind === EntryKind.COMMIT) {
      fallOutOfStep(received, conversation, { kind: "unreadable", reason });
    } else if (conversation) refuse(received, conversation, { kind: "unreadable", reason });
    else remember(received, toHex(entry.channelId), reason);
  }

  #received(unit: UnitOfWork, entry: Entry): EntryContext {
    return { context: this.#context, unit, entry };
  }

  async #withBody(entry: Entry): Promise<Entry> {
    if (entry.bodyLength <= entry.body.length) return entry;
    const { rpc, account } = this.#context;
    const pieces: Uint8Array[] = [];
    for await (
      const { bytes } of rpc.stream(delivery.fetchBody, { recipientKey: account.recipientKey, seq: entry.seq })
    ) pieces.push(bytes);
    return { ...entry, body: concat(...pieces) };
  }

  #scheduleAck(): void {
    if (this.#cursor - this.#acked >= ackAfterEntries) {
      this.#cancelAck?.();
      this.#cancelAck = undefined;
      this.#ack();
    } else if (!this.#cancelAck) {
      this.#cancelAck = this.#context.environment.after(ackAfterMs, () => {
        this.#cancelAck = undefined;
        this.#ack();
      });
    }
  }

  /** A lost acknowledgement is repaired by a later one. */
  #ack(): void {
    const upTo = this.#cursor;
    this.#acked = upTo;
    const { rpc, account } = this.#context;
    const told = rpc.call(delivery.ack, { recipientKey: account.recipientKey, upTo }).then(() => {}, () => {});
    this.#acking = Promise.all([this.#acking, told]).then(() => {});
  }
}

/** Codes of errors that another try can not change. */
const finalAnswers: ReadonlySet<string> = new Set(["E012", "E014", "L006", "L007", "L008", LocalCode.badAnswer]);

/** Whether another try can help: no network, a busy server, a failed storage. */
function isTransient(error: unknown): boolean {
  if (error instanceof WireError) return !finalAnswers.has(codeName(error.code));
  if (error instanceof EngineError) return !finalAnswers.has(error.problem.code);
  return error instanceof TransportError || error instanceof StorageError || error instanceof GuardError;
}
