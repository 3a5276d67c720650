/** Queues: one per recipient device, seq strictly rising and never reused. */

import { EntryKind } from "../../../../schema/rpc/methods.ts";
import type { Database } from "../database.ts";
import { releaseBody } from "./bodies.ts";
import { lightenLoad, noBody } from "./commit_load.ts";
import { drop, type Looks, maxLooks, nextToDrop, oldestApplication } from "./making_room.ts";

/** Application entries that may wait for one device before some are dropped (making_room.ts). */
export const queueLimit = { entries: 10_000, bytes: 64 * 1024 * 1024 };

/** An entry about to be queued. */
export interface NewEntry {
  kind: EntryKind;
  /** The channel's number. */
  channel: number;
  epoch: number;
  id: Uint8Array;
  receivedMs: number;
  body?: { number: number; length: number };
  header?: Uint8Array;
  /** The sending device's queue number; absent for gaps. */
  sender?: number;
}

/** @returns the number of the device's queue, or undefined when it has none yet */
export function findQueue(db: Database, recipientKey: Uint8Array): number | undefined {
  return db.get<{ queue: number }>("SELECT queue FROM queues WHERE recipient_key = ?", recipientKey)?.queue;
}

/** @returns the number of the device's queue, which is made if there is none */
export function ensureQueue(db: Database, recipientKey: Uint8Array): number {
  return findQueue(db, recipientKey) ??
    db.run("INSERT INTO queues (recipient_key) VALUES (?)", recipientKey).lastInsertRowid;
}

/**
 * Queues an entry, which must already be counted in its body's refs. When the queue is then over {@link
 * queueLimit}, the oldest application entries of the account that fills most of it are dropped.
 *
 * @param queue a queue that is not dropped
 * @param looks of the call that queues it for several devices
 * @returns the entry's seq
 */
export function append(
  db: Database,
  queue: number,
  entry: NewEntry,
  looks: Looks = { left: maxLooks },
): number {
  const counts = entry.kind === EntryKind.APPLICATION;
  const bytes = counts ? entry.body?.length ?? 0 : 0;
  const after = db.get<{ seq: number; waiting: number; waiting_bytes: number }>(
    `UPDATE queues SET next_seq = next_seq + 1, given_seq = next_seq, waiting = waiting + ?,
       waiting_bytes = waiting_bytes + ?
     WHERE queue = ? RETURNING next_seq - 1 AS seq, waiting, waiting_bytes`,
    counts ? 1 : 0,
    bytes,
    queue,
  )!;
  const { kind, channel, epoch, id, receivedMs, body, header, sender } = entry;
  db.run(
    `INSERT INTO entries (queue, seq, kind, channel, epoch, id, received_ms, body, sender, header)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    queue,
    after.seq,
    kind,
    channel,
    epoch,
    id,
    receivedMs,
    body?.number ?? null,
    sender ?? null,
    header ?? null,
  );
  let { waiting, waiting_bytes } = after;
  while (waiting > queueLimit.entries || waiting_bytes > queueLimit.bytes) {
    const next = nextToDrop(db, queue, queueLimit, looks);
    if (!next) break;
    waiting_bytes -= drop(db, queue, next);
    waiting--;
  }
  return after.seq;
}

/**
 * Drops entries that were received at `untilMs` or before: application entries become gaps, direct ones are
 * deleted.
 *
 * @param most entries to drop
 * @returns how many were dropped
 */
export function dropOld(db: Database, queue: number, untilMs: number, most: number): number {
  let dropped = 0;
  for (
    let oldest = oldestApplication(db, queue);
    oldest && oldest.received_ms <= untilMs && dropped < most;
    oldest = oldestApplication(db, queue)
  ) {
    drop(db, queue, oldest);
    db.run("UPDATE queues SET application_from = ? WHERE queue = ?", oldest.seq + 1, queue);
    dropped++;
  }
  const direct = db.all<{ seq: number; body: number | null }>(
    `SELECT seq, body FROM entries INDEXED BY entries_direct
     WHERE queue = ? AND kind = ${EntryKind.DIRECT} AND received_ms <= ? LIMIT ?`,
    queue,
    untilMs,
    most - dropped,
  );
  for (const { seq, body } of direct) {
    db.run("DELETE FROM entries WHERE queue = ? AND seq = ?", queue, seq);
    if (body !== null) releaseBody(db, body);
  }
  return dropped + direct.length;
}

interface GoneEntry {
  kind: EntryKind;
  channel: number;
  epoch: number;
  body: number | null;
  sender: number | null;
  headerBytes: number;
}

const gone = "kind, channel, epoch, body, sender, ifnull(length(header), 0) AS headerBytes";

/**
 * Deletes acknowledged entries, and notes the highest epoch that the device has seen of each channel (E017).
 */
export function acknowledge(db: Database, queue: number, which: { upTo: number } | { seqs: number[] }): void {
  if ("upTo" in which) {
    return settle(
      db,
      queue,
      db.all<GoneEntry>(
        `DELETE FROM entries WHERE queue = ? AND seq <= ? RETURNING ${gone}`,
        queue,
        which.upTo,
      ),
    );
  }
  for (const seq of which.seqs) {
    settle(
      db,
      queue,
      db.all<GoneEntry>(
        `DELETE FROM entries WHERE queue = ? AND seq = ? RETURNING ${gone}`,
        queue,
        seq,
      ),
    );
  }
}

const epochKinds: number[] = [EntryKind.COMMIT, EntryKind.OWN_COMMIT, EntryKind.WELCOME];

function settle(db: Database, queue: number, gone: GoneEntry[]): void {
  const highest = new Map<number, number>();
  let applications = 0;
  let bytes = 0;
  for (const { kind, channel, epoch, body, sender, headerBytes } of gone) {
    const released = body === null ? noBody : releaseBody(db, body);
    if (sender !== null) lightenLoad(db, queue, sender, kind, released, headerBytes);
    if (kind === EntryKind.APPLICATION) {
      applications++;
      bytes += released.length;
    }
    if (epochKinds.includes(kind)) highest.set(channel, Math.max(epoch, highest.get(channel) ?? 0));
  }
  if (applications > 0) {
    db.run(
      "UPDATE queues SET waiting = waiting - ?, waiting_bytes = waiting_bytes - ? WHERE queue = ?",
      applications,
      bytes,
      queue,
    );
  }
  for (const [channel, epoch] of highest) raiseMark(db, channel, queue, epoch);
}

/** Notes that the device has seen this epoch of the channel. */
export function raiseMark(db: Database, channel: number, queue: number, epoch: number): void {
  db.run(
    `INSERT INTO marks (channel, queue, epoch) VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET epoch = max(epoch, excluded.epoch)`,
    channel,
    queue,
    epoch,
  );
}
