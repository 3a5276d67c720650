/**
 * How far a conversation was read. Unread are the messages of others behind the place up to which was read, and those
 * that have come late into places before it. Notices and own messages are never unread.
 */

import type { SealedStore } from "../../storage/sealed_store.ts";
import { type ConversationRecord, keys, type LineRecord, type Reading } from "./records.ts";

type Read = Pick<ConversationRecord, "unread" | "reading">;
type Lines = Pick<SealedStore, "range">;

/** How many unread messages in places that were read before are kept apart. Further ones do not count as unread. */
export const maxLateUnread = 1_000;

/** How many unread mentions are counted. */
export const maxUnreadMentions = 1_000;

const shortestPage = 16;
const longestPage = 256;

const isOfOthers = (line: LineRecord) => line.kind === "message" && !line.own;

/**
 * @param order the place of a new message of another person
 * @param isKept whether that place was kept for it: lines behind it may have been seen
 * @param mentioned the message mentions the user
 * @returns the fields that change
 */
export function withUnread(
  { unread, reading = { to: "" } }: Read,
  order: string,
  isKept = false,
  mentioned = false,
): Partial<Read> {
  const { to, from, late = [] } = reading;
  const hasRoom = late.length < maxLateUnread;
  if (order <= to && !hasRoom) return {};
  const isLate = hasRoom && (isKept || order <= to);
  return {
    unread: unread + 1,
    reading: withMention(
      {
        ...reading,
        from: from === undefined || order < from ? order : from,
        ...(isLate && { late: [...late, order].sort() }),
      },
      order,
      mentioned,
    ),
  };
}

/** @returns whether a message of another person at a place is unread */
export function isUnreadAt({ to, late = [] }: Reading, order: string): boolean {
  return order > to || late.includes(order);
}

/** @returns the reading with or without a mention at the place of an unread message; the same where it is so already */
export function withMention(reading: Reading, order: string, mentioned: boolean): Reading {
  const { mentions = [], ...rest } = reading;
  if (mentions.includes(order) === mentioned || (mentioned && mentions.length >= maxUnreadMentions)) return reading;
  return withMentions(rest, mentioned ? [...mentions, order].sort() : mentions.filter((known) => known !== order));
}

function withMentions(reading: Reading, mentions: string[]): Reading {
  return mentions.length > 0 ? { ...reading, mentions } : reading;
}

/**
 * The user has seen the places from `since` to `upTo`. What stands before them counts as read, too, because it was
 * passed by; what came late into a place before them was not seen.
 *
 * @param since "" for all places up to `upTo`
 * @returns the fields that change
 * @throws StorageError
 */
export async function afterReading(
  store: Lines,
  chatId: string,
  { unread, reading = { to: "" } }: Read,
  upTo: string,
  since: string,
): Promise<Required<Read>> {
  const late = reading.late?.filter((order) => order < since || order > upTo) ?? [];
  const wasLate = new Set(reading.late);
  let left = unread - wasLate.size + late.length;
  let [to, next] = [reading.to, undefined as string | undefined];
  for await (const { order } of messagesOfOthers(store, chatId, reading.to)) {
    if (order > upTo) {
      next = order;
      break;
    }
    to = order;
    if (!wasLate.has(order)) left--;
  }
  const isApart = next !== undefined && !wasLate.has(next);
  const [from] = [...late.slice(0, 1), ...(next === undefined ? [] : [next])].sort();
  const after: Reading = { to, ...(from !== undefined && { from }), ...(late.length > 0 && { late }) };
  return {
    // The count of an earlier version may differ from the lines, which are right.
    unread: next === undefined ? late.length : Math.max(left, late.length + Number(isApart)),
    reading: withMentions(after, reading.mentions?.filter((order) => isUnreadAt(after, order)) ?? []),
  };
}

async function* messagesOfOthers(store: Lines, chatId: string, after: string): AsyncGenerator<LineRecord> {
  for (let limit = shortestPage;; limit = Math.min(longestPage, limit * 4)) {
    const page = await store.range<LineRecord>("messages", `${chatId}/`, { after: keys.line(chatId, after), limit });
    for (const { value } of page) if (isOfOthers(value)) yield value;
    if (page.length < limit) return;
    after = page.at(-1)!.value.order;
  }
}

/**
 * @param record of an earlier version, which kept the number of unread messages alone: they are the newest ones
 * @throws StorageError
 */
export async function readingOf(store: Lines, chatId: string, { unread, reading }: Read): Promise<Reading> {
  if (reading && (unread === 0 || reading.from !== undefined)) return reading;
  const limit = unread === 0 ? shortestPage : longestPage;
  let [left, from, before] = [unread, undefined as string | undefined, undefined as string | undefined];
  while (true) {
    const page = await store.range<LineRecord>("messages", `${chatId}/`, {
      reverse: true,
      limit,
      ...(before !== undefined && { before: keys.line(chatId, before) }),
    });
    for (const { value } of page) {
      before = value.order;
      // It has no place of its own yet.
      if (value.kind === "message" && value.state === "waiting") continue;
      if (left === 0) return { to: before, ...(from !== undefined && { from }) };
      if (!isOfOthers(value)) continue;
      from = before;
      left--;
    }
    if (page.length < limit) return { to: "", ...(from !== undefined && { from }) };
  }
}
