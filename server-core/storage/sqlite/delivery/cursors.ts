/**
 * Meets the cursor of a device (docs/decisions/042). It is the device's word, so it is only ever compared with numbers
 * of the queue: it never enters a sum with them.
 */

import { placeAt } from "../../../../schema/place.ts";
import { ErrorCode, WireError } from "../../../../schema/rpc/errors.ts";
import type { Database } from "../database.ts";

/**
 * How far a cursor may be above every number that the server can have given: a restore raises queues by 2^32
 * (restores.ts), and a device may have been given numbers since the backup. 2^33.
 */
const cursorAhead = 8_589_934_592;

/**
 * Where cursors end (2^52), in whatever steps they rise. A queue counts on from there by one with each entry, so that
 * none comes to 2^53, the end of exact integers.
 */
const highestCursor = 4_503_599_627_370_496;

/** A queue's entries are numbered anew for a cursor once in this time, ms: with 10,000 of them it takes 0.3 s. */
const renumberEveryMs = 600_000;
/**
 * With so many entries, once in that time for all devices of its account: an account can keep 20 queues of 10,000
 * messages and 6,000 commits, and all calls wait 2 s for one of these.
 */
const longQueue = 1000;

interface Numbers {
  /** The number of the queue's next entry. */
  next: number;
  /** The highest number that an entry was given. */
  given: number;
  renumberedMs: number;
}

/**
 * @param given the highest number that the queue has given
 * @param nowMs the server's clock, ms since the Unix epoch
 * @returns the highest cursor that is taken for one of this server, or of the one whose backup it was restored from
 */
function largestCursor(given: number, nowMs: number): number {
  return Math.min(Math.max(given, placeAt(nowMs)) + cursorAhead, highestCursor);
}

/**
 * Refuses a cursor that no server can have given. One that is above the queue's numbers comes from the time after a
 * backup: the queue goes on behind it, and so does what waits. Under the old numbers the device would take that for
 * repeats. What it really has, it recognises by commitId and messageId.
 *
 * @param after the highest number that the device says it has seen
 * @param whole whether the whole queue is read; reading one channel changes no number
 * @throws WireError E018, and E005 where the entries were numbered anew a short while ago
 */
export function meetCursor(db: Database, queue: number, after: number, whole: boolean, nowMs: number): void {
  const numbers = numbersOf(db, queue);
  if (after < numbers.next) return;
  if (after > largestCursor(numbers.given, nowMs)) throw tooHigh("after");
  if (!whole) return;
  if (db.get("SELECT 1 FROM entries WHERE queue = ? LIMIT 1", queue)) renumber(db, queue, after, numbers, nowMs);
  else db.run("UPDATE queues SET next_seq = max(next_seq, ?) WHERE queue = ?", after + 1, queue);
}

/**
 * Refuses to acknowledge numbers that the queue has not come to. Whoever names them has not read what waits: with a
 * cursor from after the backup it would be deleted unread.
 *
 * @throws WireError E018
 */
export function requireReached(db: Database, queue: number, upTo: number): void {
  if (upTo >= numbersOf(db, queue).next) throw tooHigh("upTo");
}

function numbersOf(db: Database, queue: number): Numbers {
  return db.get<Numbers & Record<string, number>>(
    "SELECT next_seq AS next, given_seq AS given, renumbered_ms AS renumberedMs FROM queues WHERE queue = ?",
    queue,
  )!;
}

/** @returns when entries of the queue, or of another one of its account where it is long, were numbered anew */
function lastRenumbered(db: Database, queue: number, ofQueueMs: number): number {
  if (!db.get("SELECT 1 FROM entries WHERE queue = ? LIMIT 1 OFFSET ?", queue, longQueue - 1)) return ofQueueMs;
  return db.get<{ lastMs: number }>(
    `SELECT ifnull(max(renumbered_ms), 0) AS lastMs FROM queues JOIN devices USING (recipient_key)
     WHERE account_key = (SELECT account_key FROM queues JOIN devices USING (recipient_key) WHERE queue = ?)`,
    queue,
  )!.lastMs;
}

function renumber(db: Database, queue: number, after: number, { next, renumberedMs }: Numbers, nowMs: number): void {
  const sinceMs = nowMs - lastRenumbered(db, queue, renumberedMs);
  // A time in the future is from a clock that was set back.
  if (sinceMs >= 0 && sinceMs < renumberEveryMs) {
    const reason = "the entries of this queue were numbered anew a short while ago";
    throw new WireError(ErrorCode.rateLimited, reason, renumberEveryMs - sinceMs);
  }
  const first = Math.max(next, after + 1);
  // All new numbers are above the old ones, so no two entries meet on the way.
  const { changes } = db.run(
    `UPDATE entries SET seq = ? + numbered.place
     FROM (SELECT seq AS old, row_number() OVER (ORDER BY seq) AS place FROM entries WHERE queue = ?) AS numbered
     WHERE queue = ? AND seq = numbered.old`,
    first - 1,
    queue,
    queue,
  );
  const behind = first + changes;
  db.run(
    "UPDATE queues SET next_seq = ?, given_seq = ?, application_from = ?, renumbered_ms = ? WHERE queue = ?",
    behind,
    behind - 1,
    first,
    nowMs,
    queue,
  );
}

function tooHigh(what: string): WireError {
  return new WireError(ErrorCode.cursorAhead, `${what}: higher than any number that this queue can have given`);
}
