/**
 * Messages that disappear (specification §7.10): when a line is over, and the index by which it is found then.
 *
 * The index is in the store "messageids", so that nobody has to read all lines: {@link overPrefix} with the time, of
 * lines whose time runs; {@link unreadPrefix}, of lines that nobody has read on this device.
 */

import type { ServerTime } from "../../account/types.ts";
import type { MimiContent } from "../../content/mimi_content.ts";
import type { MessageLine } from "./message_line.ts";
import { countKey } from "./places.ts";
import type { ConversationRecord } from "./records.ts";
import type { RecordWriter } from "./state_records.ts";

/** A message that says less, or that was over before it came, stays so long, in ms. */
const shortestStayMs = 30_000;
/** A message that nobody reads on a device counts as read there after this time, in ms. */
export const unreadForMs = 28 * 24 * 3_600_000;

/** Clocks agree when they are not further apart, in ms. */
export const agreementMs = 60_000;

/**
 * The later of both clocks: what begins by it is not over too early. One that is ahead puts an end too far away, which
 * is put right once the clocks are (effects/disappearing.ts).
 *
 * @param seenMs a time that is over for certain
 * @returns undefined where the clocks were set back: what begins by them would be over once they are right
 */
export function laterClock(clock: Pick<ServerTime, "now" | "deviceNow">, seenMs: number): number | undefined {
  const laterMs = Math.max(clock.now(), clock.deviceNow());
  return laterMs < seenMs - agreementMs ? undefined : laterMs;
}

/** The start of all keys of {@link OverRecord}, in the order of time. A chatId is hex, so it never starts like this. */
export const overPrefix = "expires/at/";
const allUnread = "expires/unread/";
/** The start of all keys of {@link UnreadRecord}, of one chat or of all. */
export const unreadPrefix = (chatId?: string) => chatId === undefined ? allUnread : `${allUnread}${chatId}/`;

/** Whether a key of "messageids" is of this index. */
export function isOfIndex(key: string): boolean {
  return key.startsWith("expires/");
}

/** A line whose time runs. */
export interface OverRecord {
  chatId: string;
  order: string;
  /** When it is over, in ms. */
  untilMs: number;
  /** How long it stays in all, in ms. */
  timerMs: number;
}

/** A line whose time has not begun. */
export interface UnreadRecord {
  chatId: string;
  order: string;
  /** When its message came, in ms. */
  arrivedMs: number;
}

/** @returns the field of a message that is sent now; undefined where the chat has no timer */
export function expiresIn({ data }: Readonly<Pick<ConversationRecord, "data">>): MimiContent["expires"] {
  return data?.timerMs === undefined ? undefined : { relative: true, time: data.timerMs / 1_000 };
}

/** @returns the fields of the line of a message that is sent now: its time begins when the server has it */
export function ownStay({ data }: Readonly<Pick<ConversationRecord, "data">>): Pick<MessageLine, "timerMs"> {
  return data?.timerMs === undefined ? {} : { timerMs: data.timerMs };
}

/**
 * What a received container says, bounded: nothing is gone before it can be seen.
 *
 * @param receivedMs when the server took it
 * @returns how long it stays, and whether that counts from its arrival on instead of its reading
 */
export function stayOf(
  expires: MimiContent["expires"],
  receivedMs: number,
): { timerMs: number; fromArrival: boolean } | undefined {
  if (!expires) return undefined;
  const saidMs = expires.relative ? expires.time * 1_000 : expires.time * 1_000 - receivedMs;
  return { timerMs: Math.max(shortestStayMs, saidMs), fromArrival: !expires.relative };
}

/** @returns the line, with its end where its time begins now; the same line where it has an end, or no timer */
export function withEnd<L extends Pick<MessageLine, "timerMs" | "untilMs">>(line: L, startMs: number): L {
  if (line.timerMs === undefined || line.untilMs !== undefined) return line;
  return { ...line, untilMs: startMs + line.timerMs };
}

const overKey = (untilMs: number, chatId: string, order: string) =>
  `${overPrefix}${countKey(Math.round(untilMs))}/${chatId}/${order}`;

/** Puts a line into the index, wherever it belongs by now. */
export function putIntoIndex(unit: Pick<RecordWriter, "put">, chatId: string, line: MessageLine): void {
  const { order, timerMs, untilMs, own, state, atMs } = line;
  if (timerMs === undefined) return;
  if (untilMs !== undefined) {
    unit.put("messageids", overKey(untilMs, chatId, order), { chatId, order, untilMs, timerMs } satisfies OverRecord);
  } else if (!own || state === "sent") {
    unit.put("messageids", unreadPrefix(chatId) + order, { chatId, order, arrivedMs: atMs } satisfies UnreadRecord);
  }
}

/** Takes a line out of the index. */
export function takeFromIndex(unit: Pick<RecordWriter, "delete">, chatId: string, line: MessageLine): void {
  const { order, timerMs, untilMs } = line;
  if (timerMs === undefined) return;
  unit.delete("messageids", unreadPrefix(chatId) + order);
  if (untilMs !== undefined) unit.delete("messageids", overKey(untilMs, chatId, order));
}
