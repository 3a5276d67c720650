/** What a unit of work does to a conversation's lines: new ones, changed ones, and ones that get another place. */

import { type Bytes, equalBytes } from "../../../schema/bytes.ts";
import type { MessageContent, NoticeKind } from "../../api/engine_api.ts";
import { mentions } from "../../content/mentions.ts";
import { putIntoIndex } from "./expiry.ts";
import { isSameMessage, lastMessageOf } from "./last_message.ts";
import { contentOf, type MessageLine } from "./message_line.ts";
import { claimedPlace, noPlaces, placeKey, placeStart, type Said, waitingKey } from "./places.ts";
import { afterMessage } from "./preferences.ts";
import { isUnreadAt, withMention, withUnread } from "./reading.ts";
import { type ConversationRecord, keys, type LineRecord } from "./records.ts";
import type { RecordWriter } from "./state_records.ts";

export type NewLine<T> = T extends LineRecord ? Omit<T, "order"> : never;

/** Notices of what people do: they make the chat the newest of the list. Devices come and go without that. */
const changesTheChat: ReadonlySet<NoticeKind> = new Set([
  "created",
  "added",
  "removed",
  "removed-by-server",
  "left",
  "renamed",
  "promoted",
  "demoted",
]);

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
  /** Places of lines that were deleted on this device, for listeners. */
  readonly erased: string[] = [];
  /** Places that lines have left. */
  readonly #left = new Set<string>();
  readonly #username: string;

  /**
   * @param arrival the entry that is being handled, if any
   * @param username this account's: what mentions it is counted apart
   */
  constructor(conversation: ChangingRecord, arrival: () => Arrival | undefined, username = "") {
    this.#conversation = conversation;
    this.#arrival = arrival;
    this.#username = username;
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
    const { record } = this.#conversation;
    if (line.kind === "notice" && !changesTheChat.has(line.notice)) return order;
    const fields: Partial<ConversationRecord> = { activityMs: Math.max(record.activityMs, line.atMs) };
    if (record.cleared) fields.cleared = undefined;
    if (line.kind === "message") {
      const { lastMessage } = record;
      const isNewest = !lastMessage || (lastMessage.order === undefined ? !isKept : lastMessage.order < order);
      if (isNewest) fields.lastMessage = lastMessageOf({ ...line, order });
      const mentioned = countsAsUnread && this.#isMentioned(line);
      if (countsAsUnread) Object.assign(fields, withUnread(record, order, isKept, mentioned));
      if (countsAsUnread || line.own) {
        const nowMs = this.#arrival()?.nowMs ?? line.atMs;
        const preferences = afterMessage(record.preferences, { own: line.own, mentioned, nowMs });
        if (preferences) fields.preferences = preferences;
      }
    }
    this.#conversation.set(fields);
    return order;
  }

  #isMentioned(line: MessageContent): boolean {
    return !line.deleted && !line.unsupported && this.#username !== "" && mentions(line.text, this.#username);
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
    const { lastMessage, reading } = this.#conversation.record;
    if (line.kind !== "message") return;
    if (!line.own && reading && isUnreadAt(reading, line.order)) {
      const news = withMention(reading, line.order, this.#isMentioned(contentOf(line)));
      if (news !== reading) this.#conversation.set({ reading: news });
    }
    if (!lastMessage) return;
    const { order, sender, atMs } = lastMessage;
    const isNewest = order === undefined ? sender === line.sender && atMs === line.atMs : order === line.order;
    if (!isNewest) return;
    // As a whole, so that what a kind adds to a preview need not be named here.
    const shown = { ...lastMessageOf(line), atMs };
    if (!isSameMessage(shown, lastMessage)) this.#conversation.set({ lastMessage: shown });
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

  /** Deletes a line on this device. @returns whether the chat list shows it */
  erase(order: string): boolean {
    for (let index = this.lines.length - 1; index >= 0; index--) {
      if (this.lines[index].order === order) this.lines.splice(index, 1);
    }
    this.#left.add(order);
    this.erased.push(order);
    return this.#conversation.record.lastMessage?.order === order;
  }

  /** The chat list shows this message as the newest one. */
  preview(line: MessageLine): void {
    this.#conversation.set({ lastMessage: lastMessageOf(line) });
  }

  /** Whether a line that is on disk at this place has left it. */
  hasLeft(order: string): boolean {
    return this.#left.has(order);
  }

  /** Puts the lines into the unit's write. */
  writeTo(unit: RecordWriter, chatId: string, channelId: Bytes): void {
    for (const order of this.#left) unit.delete("messages", keys.line(chatId, order));
    for (const line of this.lines) {
      unit.put("messages", keys.line(chatId, line.order), line, { channelId });
      if (line.kind === "message") putIntoIndex(unit, chatId, line);
    }
  }
}
