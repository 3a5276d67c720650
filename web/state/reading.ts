/** Tells the engine what of a conversation the user has seen: one call at a time, however fast the reader scrolls. */

import type { App } from "./app.ts";
import { isOfOthers } from "./timeline_items.ts";
import type { Row } from "./timeline_rows.ts";

/** Places of the first and the last message of others in view. */
export interface Seen {
  since: string;
  upTo: string;
}

/**
 * @param rows as they are drawn
 * @param first index of the first row in view, and `last` of the last one
 * @returns the places of others' messages in view, else that of the last one above; undefined where there is none
 */
export function seenOf(rows: readonly Row[], first: number, last: number): Seen | undefined {
  const orderAt = (index: number) => {
    const row = rows[index];
    return row?.kind === "message" && isOfOthers(row.item) ? row.item.order : undefined;
  };
  let seen: Seen | undefined;
  for (let index = Math.min(last, rows.length - 1); index >= 0 && (index >= first || !seen); index--) {
    const order = orderAt(index);
    if (order !== undefined) seen = { since: order, upTo: seen?.upTo ?? order };
  }
  return seen;
}

/** @returns takes what is in view, and marks it as read */
export function createReading(app: App, chatId: string): (seen: Seen | undefined) => void {
  /** The call under way, and what was seen meanwhile. */
  let telling: Seen | undefined;
  let waiting: Seen | undefined;
  let toldUpTo = "";

  async function tell(seen: Seen): Promise<void> {
    telling = seen;
    try {
      await app.engine.markRead(chatId, seen.upTo, seen.since);
      if (seen.upTo > toldUpTo) toldUpTo = seen.upTo;
    } catch {
      // The count stays as it is, and what is in view is told again.
    }
    telling = undefined;
    const next = waiting;
    waiting = undefined;
    if (next) await tell(next);
  }

  return (seen) => {
    const from = app.chat(chatId)?.unreadFrom;
    if (!seen || from === undefined || from > seen.upTo) return;
    if (from < seen.since && seen.upTo <= toldUpTo) return;
    if (!telling) return void tell(seen);
    if (telling.since <= seen.since && seen.upTo <= telling.upTo) return;
    const { since, upTo } = waiting ?? seen;
    waiting = { since: since < seen.since ? since : seen.since, upTo: upTo > seen.upTo ? upTo : seen.upTo };
  };
}
