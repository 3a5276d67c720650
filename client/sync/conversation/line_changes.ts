/** What a unit of work does to a conversation's lines: new ones, changed ones, and ones that get another place. */

import { type Bytes, equalBytes } from "../../../schema/bytes.ts";
import { previewOf } from "../../content/registry.ts";
import type { MessageLine } from "./message_line.ts";
import { claimedPlace, noPlaces, placeKey, placeStart, type Said, waitingKey } from "./places.ts";
import { withUnread } from "./reading.ts";
import { type ConversationRecord, keys, type LineRecord } from "./records.ts";
import type { RecordWriter } from "./state_records.ts";

export type NewLine<T> = T extends LineRecord ? Omit<T, "order"> : never;

/** The entry that the unit handles now. */
export interface Arrival {
  /** 32 bytes */
  channelId: Bytes;
  said: Said;
  /** When it came, by this device's clock. */
  nowMs: number;
}

/** The conversation's record as it is now, and how to change it. */
export interface ChangingRecord {
  readonly record: Readonly<ConversationRecord>;
  set(fields: Partial<ConversationRecord>): void;
}

/** The lines of one conversation in one unit of work. The record follows: counts, places, the newest message. */
export class LineChanges {
  readonly #conversation: ChangingRecord;
  readonly #arrival: () => Arrival | undefined;
  /** New and changed lines, for listeners. */
  readonly lines: LineRecord[] = [];
  /** Places that lines have left. */
  readonly #left = new Set<string>();

  /** @param arrival the entry that is being handled, if any */
  constructor(conversation: ChangingRecord, arrival: () => Arrival | undefined) {
    this.#conversation = conversation;
    this.#arrival = arrival;
  }

  /** Adds a line at the next place. @param kept a place that was reserved for the line @returns its place */
  append(line: NewLine<LineRecord>, countsAsUnread: boolean, kept?: string): string {
    return this.#add(line, kept ?? this.reservePlace(), countsAsUnread, kept !== undefined);
  }

  /** Puts an own message behind all others, until it has its place. @returns its place until then */
  appendWaiting(line: NewLine<MessageLine>): string {
    return this.#add(line, this.reserveWaitingPlace(), false, false);
  }

  #add(line: NewLine<LineRecord>, order: string, countsAsUnread: boolean, isKept: boolean): string {
    this.lines.push({ ...line, order } as LineRecord);
    const { activityMs, lastMessage } = this.#conversation.record;
    const fields: Partial<ConversationRecord> = { activityMs: Math.max(activityMs, line.atMs) };
    if (line.kind === "message") {
      const isNewest = !lastMessage || (lastMessage.order === undefined ? !isKept : lastMessage.order < order);
      if (isNewest) fields.lastMessage = { ...previewOf(line), sender: line.sender, atMs: line.atMs, order };
      if (countsAsUnread) Object.assign(fields, withUnread(this.#conversation.record, order));
    }
    this.#conversation.set(fields);
    return order;
  }

  /**
   * An entry has its own place in the channel's order, but never one before an entry that came earlier. What this
   * device writes by itself stands behind all lines that have a place.
   *
   * @returns a place that no other line will get
   */
  reservePlace(): string {
    const { record } = this.#conversation;
    const { nextOrder, places = noPlaces } = record;
    const arrival = this.#arrival();
    if (!arrival || !equalBytes(arrival.channelId, record.channelId)) {
      this.#conversation.set({ nextOrder: nextOrder + 1 });
      return placeKey(places, places.head, nextOrder);
    }
    const { said, nowMs } = arrival;
    const received = Math.max(places.received, claimedPlace(said, nowMs, places.received) ?? 0);
    const after = { ...places, received, head: Math.max(places.head, received) };
    this.#conversation.set({ nextOrder: nextOrder + 1, places: after });
    return placeKey(after, received, nextOrder);
  }

  /** @returns a place behind all that the channel's order gives */
  reserveWaitingPlace(): string {
    const { nextOrder } = this.#conversation.record;
    this.#conversation.set({ nextOrder: nextOrder + 1 });
    return waitingKey(nextOrder);
  }

  /** @returns the start of the newest line's place, of those that have a place in the channel's order */
  newestStart(): string {
    const { places = noPlaces } = this.#conversation.record;
    return placeStart(places, places.head);
  }

  /** An own message has this place in the channel's order. */
  notePlace(place: number): void {
    const { places = noPlaces } = this.#conversation.record;
    if (place > places.head) this.#conversation.set({ places: { ...places, head: place } });
  }

  /** Changes a line. The chat list follows when it is the newest message. */
  change(line: LineRecord): void {
    this.lines.push(line);
    const { lastMessage } = this.#conversation.record;
    if (line.kind !== "message" || !lastMessage) return;
    const { order, sender, atMs, ...before } = lastMessage;
    const isNewest = order === undefined ? sender === line.sender && atMs === line.atMs : order === line.order;
    if (!isNewest) return;
    const preview = previewOf(line);
    // As a whole, so that what a kind adds to a preview need not be named here. A line that only became "sent" looks
    // the same, and then the chat's record is not written.
    if (JSON.stringify(preview) !== JSON.stringify(before)) this.preview({ ...line, atMs });
  }

  /**
   * Puts a message at another place.
   *
   * @param line as it is there
   * @returns whether the chat list shows it, so that another message may be the newest now
   */
  move(line: MessageLine, from: string): boolean {
    for (let index = this.lines.length - 1; index >= 0; index--) {
      if (this.lines[index].order === from) this.lines.splice(index, 1);
    }
    this.#left.add(from);
    this.#left.delete(line.order);
    this.lines.push(line);
    const { activityMs, lastMessage } = this.#conversation.record;
    if (line.atMs > activityMs) this.#conversation.set({ activityMs: line.atMs });
    const wasNewest = lastMessage?.order === from;
    if (wasNewest || lastMessage?.order === undefined || lastMessage.order < line.order) this.preview(line);
    return wasNewest;
  }

  /** The chat list shows this message as the newest one. */
  preview(line: MessageLine): void {
    const { order, sender, atMs } = line;
    this.#conversation.set({ lastMessage: { ...previewOf(line), sender, atMs, order } });
  }

  /** Whether a line that is on disk at this place has left it. */
  hasLeft(order: string): boolean {
    return this.#left.has(order);
  }

  /** Puts the lines into the unit's write. */
  writeTo(unit: RecordWriter, chatId: string, channelId: Bytes): void {
    for (const order of this.#left) unit.delete("messages", keys.line(chatId, order));
    for (const line of this.lines) unit.put("messages", keys.line(chatId, line.order), line, { channelId });
  }
}
