/**
 * The places of lines (specification §4.12, docs/decisions/038).
 *
 * A line's place on disk, its `order`, is a text that sorts. There are three kinds. Lines of versions before have a
 * number of 12 digits, and stand first. A line that has its place in the channel's order has "1", the number of moves
 * into replacement channels before, the channel's place, and a number that tells lines of one place apart. An own
 * message that waits has "2" and that number, and stands last. All numbers are hexadecimal, of fixed length.
 *
 * That number is the conversation's count of lines: a line that came later has a higher one. It is the last part of
 * every `order`.
 */

import { placeAt } from "../../../schema/place.ts";

/** The count of a conversation's lines, as the last part of a place: 12 hexadecimal digits. */
export function countKey(count: number): string {
  return count.toString(16).padStart(countDigits, "0");
}

const countDigits = 12;
const moveDigits = 4;
const placeDigits = 14;

/** The start of every place of a message that waits, so behind every place that the channel's order gives. */
export const waitingStart = "2";

/** Where a conversation is in the order of its channel. */
export interface Places {
  /** How many replacement channels it has moved into. */
  moves: number;
  /** The highest place that entries of the present channel have had here. It never falls. */
  received: number;
  /** The same with the places of own messages, which the server's answer may tell before earlier entries come. */
  head: number;
}

/** Of a conversation that has had no place yet. */
export const noPlaces: Places = { moves: 0, received: 0, head: 0 };

/** How far a place may be ahead of the clock's, and of those before: 2^33. A restored server is half as far ahead. */
export const maxPlaceAhead = 8_589_934_592;

/** What the server says of an entry, or answers to a message. */
export interface Said {
  place: number;
  receivedMs: number;
}

/**
 * @param said `place` 0: not known, from a server of an earlier version; then the time counts, which sender and
 *   receivers know
 * @param nowMs by this device's clock
 * @param received the highest place of the channel so far: a server whose clock was wrong counts on from there
 * @returns the place in the channel's order; undefined where what the server says can not be true
 */
export function claimedPlace(
  { place, receivedMs }: Said,
  nowMs: number,
  received: number,
): number | undefined {
  const claimed = place > 0 ? place : placeAt(receivedMs);
  const isPossible = Number.isSafeInteger(claimed) && claimed > 0 &&
    claimed <= Math.max(placeAt(nowMs), received) + maxPlaceAhead;
  return isPossible ? claimed : undefined;
}

/** The start of all places that lines at one place of the channel's order have. */
export function placeStart({ moves }: Pick<Places, "moves">, place: number): string {
  return `1${digits(Math.min(moves, 16 ** moveDigits - 1), moveDigits)}${digits(place, placeDigits)}`;
}

/** @param count of the conversation's lines */
export function placeKey(places: Pick<Places, "moves">, place: number, count: number): string {
  return placeStart(places, place) + countKey(count);
}

/** The place of a message that has none in the channel's order yet. */
export function waitingKey(count: number): string {
  return waitingStart + countKey(count);
}

/** Whether the line waits for its place in the channel's order. */
export function isWaitingKey(order: string): boolean {
  return order.startsWith(waitingStart) && order.length === waitingStart.length + countDigits;
}

/** @returns the count of the conversation's lines that the place was made with */
export function countOf(order: string): number {
  return Number.parseInt(arrivalKey(order), 16);
}

/** @returns a text that is greater for a line that came to the conversation later, wherever it stands */
export function arrivalKey(order: string): string {
  return order.slice(-countDigits);
}

function digits(value: number, length: number): string {
  return value.toString(16).padStart(length, "0");
}
