/**
 * Counts what commits and Welcomes of one account take while they wait for one device: their bodies, headers and rows.
 * No queue limit drops these. Without a bound one account could fill another's queue, and with it the server's disk.
 */

import type { Bytes } from "../../../../schema/bytes.ts";
import { EntryKind } from "../../../../schema/rpc/methods.ts";
import type { Database } from "../database.ts";

/**
 * Two of the largest bundles. A Welcome over this limit is refused (E032). A commit over it leaves the device
 * out, which then sees a missing commit.
 */
const commitLoadLimit = 32 * 1024 * 1024;

/**
 * What all of an account's that waits may take on the disk, where a body is stored once for all of its devices. Above
 * it each device gets an equal share.
 */
const accountLoadLimit = 4 * 1024 * 1024 * 1024;
/** The least share. */
const leastLoadLimit = 1024 * 1024;

/**
 * An entry's row. With a header it is longer than the 1,002 bytes that a page of such a table takes of a row, and the
 * rest fills a page of its own (https://www.sqlite.org/fileformat2.html §1.6; measured: 4.7 kB).
 */
const rowBytes = 4096;
/** A notice (`ownCommit`, `removed`) keeps the row of its commit as well, whose lists of devices may be long. */
const noticeBytes = 2048;

/** An account that commits, and how much of it may wait for each device. */
export interface Loader {
  /** Undefined for a sender that is not known any more: nothing is counted. */
  account: Bytes | undefined;
  limit: number;
  /** Headers and rows that were counted for a device and not yet for the account ({@link addTotal}). */
  rows: number;
}

/** @param sender the sending device's queue @returns whose commits these are */
export function loaderOf(db: Database, sender: number): Loader {
  const account = accountOf(db, sender);
  if (!account || totalOf(db, account) < accountLoadLimit) return { account, limit: commitLoadLimit, rows: 0 };
  const { devices } = db.get<{ devices: number }>(
    "SELECT count(*) AS devices FROM commit_load WHERE account_key = ?",
    account,
  )!;
  const share = Math.floor(accountLoadLimit / Math.max(1, devices));
  return { account, limit: Math.min(commitLoadLimit, Math.max(leastLoadLimit, share)), rows: 0 };
}

function totalOf(db: Database, account: Bytes): number {
  return db.get<{ bytes: number }>("SELECT bytes FROM commit_totals WHERE account_key = ?", account)?.bytes ?? 0;
}

/**
 * Counts for the account what {@link addLoad} has counted for its devices, and the bodies.
 *
 * @param bodyBytes of all bodies that were stored, each once
 */
export function addTotal(db: Database, loader: Loader, bodyBytes: number): void {
  if (!loader.account) return;
  db.run(
    `INSERT INTO commit_totals (account_key, bytes) VALUES (?, ?)
     ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes`,
    loader.account,
    loader.rows + bodyBytes,
  );
  loader.rows = 0;
}

/**
 * @returns the account of a queue's device; undefined for a queue of an unknown device that a member has
 *   named
 */
function accountOf(db: Database, queue: number): Bytes | undefined {
  return db.get<{ accountKey: Bytes }>(
    "SELECT account_key AS accountKey FROM queues JOIN devices USING (recipient_key) WHERE queue = ?",
    queue,
  )?.accountKey;
}

const notices: number[] = [EntryKind.OWN_COMMIT, EntryKind.REMOVED];

/** @returns what an entry counts for, bytes; 0 for one that is counted elsewhere (queues.ts, messages.ts) */
function weightOf(kind: EntryKind, bodyBytes: number, headerBytes: number): number {
  if (kind === EntryKind.COMMIT || kind === EntryKind.WELCOME) return bodyBytes + headerBytes + rowBytes;
  return notices.includes(kind) ? noticeBytes : 0;
}

/**
 * Counts an entry before it is queued.
 *
 * @param queue the recipient's
 * @returns whether there is room; nothing is counted if not
 */
export function addLoad(
  db: Database,
  queue: number,
  loader: Loader,
  kind: EntryKind,
  bodyBytes = 0,
  headerBytes = 0,
): boolean {
  const { account, limit } = loader;
  if (!account) return true;
  const bytes = weightOf(kind, bodyBytes, headerBytes);
  const waiting =
    db.get<{ bytes: number }>("SELECT bytes FROM commit_load WHERE queue = ? AND account_key = ?", queue, account)
      ?.bytes ?? 0;
  if (waiting + bytes > limit) return false;
  db.run(
    `INSERT INTO commit_load (queue, account_key, bytes) VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes`,
    queue,
    account,
    bytes,
  );
  loader.rows += Math.max(0, bytes - bodyBytes);
  return true;
}

/** The body of an entry that has none. */
export const noBody = { length: 0, isGone: false };

/**
 * An entry of a sender was acknowledged.
 *
 * @param body it had; `isGone`: no other entry has it, so it was deleted
 */
export function lightenLoad(
  db: Database,
  queue: number,
  sender: number,
  kind: EntryKind,
  body: { length: number; isGone: boolean },
  headerBytes: number,
): void {
  const bytes = weightOf(kind, body.length, headerBytes);
  const account = bytes > 0 ? accountOf(db, sender) : undefined;
  if (!account) return;
  db.run("UPDATE commit_load SET bytes = bytes - ? WHERE queue = ? AND account_key = ?", bytes, queue, account);
  db.run("DELETE FROM commit_load WHERE queue = ? AND account_key = ? AND bytes <= 0", queue, account);
  db.run(
    "UPDATE commit_totals SET bytes = max(0, bytes - ?) WHERE account_key = ?",
    body.isGone ? bytes : bytes - body.length,
    account,
  );
}
