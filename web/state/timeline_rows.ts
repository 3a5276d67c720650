/** The rows of a conversation: dates, the mark "new", notices, and messages grouped by sender. Pure. */

import type { MessageItem, MessagePreview, NoticeItem, TimelineItem } from "../../client/api/engine_api.ts";
import { answeredItem, itemKey } from "./timeline_items.ts";

export type Row =
  | { kind: "date"; key: string; atMs: number }
  | { kind: "new"; key: string }
  | { kind: "notice"; key: string; item: NoticeItem }
  | {
    kind: "message";
    key: string;
    item: MessageItem;
    /** The message that this one answers, where the page has it. */
    original?: MessageItem;
    /** A run of messages of one sender begins here. */
    first: boolean;
  };

/** After a pause of this length, the same sender's next message starts a new group. */
const groupPauseMs = 5 * 60_000;

/** The day that was asked for last: of all that is asked, most is of the same one. */
let known = { fromMs: NaN, toMs: NaN, name: "" };

function dayOf(atMs: number): string {
  if (!(atMs >= known.fromMs && atMs < known.toMs)) {
    const day = new Date(atMs);
    const fromMs = day.setHours(0, 0, 0, 0);
    known = { fromMs, toMs: new Date(fromMs).setDate(day.getDate() + 1), name: day.toDateString() };
  }
  return known.name;
}

function sameGroup(a: TimelineItem | undefined, b: TimelineItem | undefined): boolean {
  return a?.kind === "message" && b?.kind === "message" && a.sender === b.sender && a.own === b.own &&
    dayOf(a.atMs) === dayOf(b.atMs) && Math.abs(b.atMs - a.atMs) < groupPauseMs;
}

/** What a quote shows. A field of the preview that is missing here does not compile. */
const quotedFields: Record<"sender" | keyof MessagePreview, true> = {
  sender: true,
  text: true,
  attached: true,
  deleted: true,
  blank: true,
  unsupported: true,
};
const quoted = Object.keys(quotedFields) as (keyof typeof quotedFields)[];

/** Whether a quote shows the same of both: what else changed in an original concerns its own row alone. */
function sameQuote(a: MessageItem | undefined, b: MessageItem | undefined): boolean {
  if (!a || !b) return a === b;
  return quoted.every((field) => a[field] === b[field]);
}

function sameRow(a: Row | undefined, b: Row): boolean {
  if (a?.kind === "message" && b.kind === "message") {
    return a.item === b.item && sameQuote(a.original, b.original) && a.first === b.first;
  }
  if (a?.kind === "notice" && b.kind === "notice") return a.item === b.item;
  return a !== undefined && a.kind === b.kind;
}

/**
 * @param items ordered: the drawn items
 * @param newFrom key of the item above which the mark "new" stands
 * @param before the former rows: an unchanged row stays the same object, so that its element stays
 * @param loaded ordered: all items of the page, in which replies find the answered message
 */
export function rowsOf(
  items: TimelineItem[],
  newFrom: string | undefined,
  before: readonly Row[],
  loaded: readonly TimelineItem[] = items,
): Row[] {
  const known = new Map(before.map((row) => [row.key, row]));
  const rows: Row[] = [];
  const push = (row: Row) => {
    const old = known.get(row.key);
    rows.push(old && sameRow(old, row) ? old : row);
  };
  items.forEach((item, index) => {
    const previous = items[index - 1];
    const key = itemKey(item);
    if (!previous || dayOf(previous.atMs) !== dayOf(item.atMs)) {
      push({ kind: "date", key: `date/${dayOf(item.atMs)}/${key}`, atMs: item.atMs });
    }
    if (key === newFrom) push({ kind: "new", key: "new" });
    if (item.kind === "notice") push({ kind: "notice", key, item });
    else {
      const original = item.replyTo && answeredItem(loaded, item.replyTo);
      push({
        kind: "message",
        key,
        item,
        ...(original?.kind === "message" && { original }),
        first: !sameGroup(previous, item) || key === newFrom,
      });
    }
  });
  return rows;
}

/**
 * No part of a row: a message that comes would make the one before it anew, with what has the focus there.
 *
 * @returns the keys of the messages with which a run of one sender ends
 */
export function endsOf(rows: readonly Row[]): ReadonlySet<string> {
  const goesOn = (next: Row | undefined) => next?.kind === "message" && !next.first;
  return new Set(rows.filter((row, index) => row.kind === "message" && !goesOn(rows[index + 1])).map(({ key }) => key));
}
