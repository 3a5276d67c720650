/**
 * Makes room in a full queue. The account that fills most of it loses its oldest message: otherwise anybody who may
 * write to a device could push out what others have written to it while it is away.
 */

import { EntryKind } from "../../../../schema/rpc/methods.ts";
import type { Database } from "../database.ts";
import { releaseBody } from "./bodies.ts";

/** An application entry that waits. */
export interface Waiting {
  seq: number;
  channel: number;
  body: number;
  received_ms: number;
}

/** What may wait in a queue. */
interface QueueLimit {
  entries: number;
  bytes: number;
}

/**
 * How many queues may be looked at anew for one call: a message may go to 2,000 full ones, and all calls wait for it.
 */
export const maxLooks = 8;

/** The looks that a call has left. */
export interface Looks {
  left: number;
}

/** Whose messages make room next. */
interface Heaviest {
  /** Queue numbers of the account's devices. Entries of earlier versions name none: −channel stands for them. */
  senders: number[];
  /** How many of its messages make room before the shares are looked at again. */
  left: number;
  /** None of its messages waits below this seq. */
  from: number;
}

/**
 * By queue. To look at the shares takes some ms with 10,000 entries, so it is not done for every message. In memory: it
 * is only a shortcut.
 */
const remembered = new WeakMap<Database, Map<number, Heaviest>>();
const rememberedQueues = 10_000;

/**
 * Without a look left the account of the last look makes room for longer, and where there was none, the oldest message.
 *
 * @param looks of the call; changed
 * @returns the message that makes room; undefined where none waits
 */
export function nextToDrop(db: Database, queue: number, limit: QueueLimit, looks: Looks): Waiting | undefined {
  const known = remembered.get(db) ?? new Map<number, Heaviest>();
  remembered.set(db, known);
  const before = known.get(queue);
  let heaviest = before && (before.left > 0 || looks.left === 0) ? before : undefined;
  let found = heaviest && oldestOf(db, queue, heaviest);
  // Its messages may have been read meanwhile.
  if (!heaviest || !found) {
    if (looks.left === 0) return oldestApplication(db, queue);
    looks.left--;
    heaviest = heaviestOf(db, queue, limit);
    found = heaviest && oldestOf(db, queue, heaviest);
    if (!heaviest || !found) return undefined;
  }
  if (known.size >= rememberedQueues) known.clear();
  known.set(queue, { ...heaviest, left: heaviest.left - 1, from: found.seq + 1 });
  return found;
}

/** @returns the oldest application entry that waits */
export function oldestApplication(db: Database, queue: number): Waiting | undefined {
  return db.get<Waiting>(
    `SELECT seq, channel, body, received_ms FROM entries
     WHERE queue = ? AND seq >= (SELECT application_from FROM queues WHERE queue = ?)
       AND kind = ${EntryKind.APPLICATION} ORDER BY seq LIMIT 1`,
    queue,
    queue,
  );
}

function oldestOf(db: Database, queue: number, { senders, from }: Heaviest): Waiting | undefined {
  return db.get<Waiting>(
    `SELECT seq, channel, body, received_ms FROM entries
     WHERE queue = ? AND seq >= ? AND kind = ${EntryKind.APPLICATION}
       AND coalesce(sender, -channel) IN (SELECT value FROM json_each(?)) ORDER BY seq LIMIT 1`,
    queue,
    from,
    JSON.stringify(senders),
  );
}

interface Share {
  senders: number[];
  entries: number;
  /** Its part of the queue, by number and bytes together: 2 where it fills all of both. */
  part: number;
}

function heaviestOf(db: Database, queue: number, limit: QueueLimit): Heaviest | undefined {
  const rows = db.all<{ sender: number; account: Uint8Array | null; entries: number; bytes: number }>(
    `SELECT waiting.sender, account_key AS account, waiting.entries, waiting.bytes
     FROM (SELECT coalesce(sender, -channel) AS sender, count(*) AS entries, sum(length) AS bytes
           FROM entries JOIN bodies USING (body)
           WHERE queue = ? AND kind = ${EntryKind.APPLICATION} GROUP BY 1) AS waiting
     LEFT JOIN queues ON queues.queue = waiting.sender LEFT JOIN devices USING (recipient_key)`,
    queue,
  );
  const shares = new Map<string, Share>();
  for (const { sender, account, entries, bytes } of rows) {
    const of = account ? String(account) : `device ${sender}`;
    const share = shares.get(of) ?? { senders: [], entries: 0, part: 0 };
    share.senders.push(sender);
    share.entries += entries;
    share.part += entries / limit.entries + bytes / limit.bytes;
    shares.set(of, share);
  }
  const [first, second] = [...shares.values()].sort((a, b) => b.part - a.part);
  if (!first) return undefined;
  const all = rows.reduce((sum, { entries }) => sum + entries, 0);
  // Half of what it has more than the next one: the other half may be filled by that one meanwhile.
  const more = (first.part - (second?.part ?? 0)) / 2 / (first.part / first.entries);
  return { senders: first.senders, left: Math.max(1 + Math.floor(all / 500), Math.floor(more)), from: 0 };
}

/**
 * Replaces an application entry by its channel's gap entry, in the same place. So the receiver learns of the loss where
 * it happened; a receiver whose cursor is past it had the entry. The channel's gaps are merged into the last one.
 *
 * @returns the dropped body's length in bytes
 */
export function drop(db: Database, queue: number, { seq, channel, body }: Waiting): number {
  // The index is named, because the planner would rather search the whole queue (3 ms a message with 10,000
  // waiting, measured).
  const gap = db.get<{ seq: number; epoch: number }>(
    `SELECT seq, epoch FROM entries INDEXED BY entries_gap WHERE queue = ? AND channel = ? AND kind = ${EntryKind.GAP}`,
    queue,
    channel,
  );
  const [earlier, last] = gap && gap.seq > seq ? [seq, gap.seq] : [gap?.seq, seq];
  if (earlier !== undefined) db.run("DELETE FROM entries WHERE queue = ? AND seq = ?", queue, earlier);
  db.run(
    `UPDATE entries SET kind = ${EntryKind.GAP}, epoch = ?, id = x'', body = NULL, sender = NULL
     WHERE queue = ? AND seq = ?`,
    (gap?.epoch ?? 0) + 1,
    queue,
    last,
  );
  const { length } = releaseBody(db, body);
  db.run(
    "UPDATE queues SET waiting = waiting - 1, waiting_bytes = waiting_bytes - ? WHERE queue = ?",
    length,
    queue,
  );
  return length;
}
