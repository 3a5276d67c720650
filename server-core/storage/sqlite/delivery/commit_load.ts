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

/** For all devices together that have something of the account waiting: above it each gets an equal share. */
const accountLoadLimit = 4 * 1024 * 1024 * 1024;
/** The least share. A group of 2,000 devices that are all away has twice as much for each. */
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
}

/** @param sender the sending device's queue @returns whose commits these are */
export function loaderOf(db: Database, sender: number): Loader {
  const account = accountOf(db, sender);
  if (!account) return { account, limit: commitLoadLimit };
  const { devices } = db.get<{ devices: number }>(
    "SELECT count(*) AS devices FROM commit_load WHERE account_key = ?",
    account,
  )!;
  const share = Math.floor(accountLoadLimit / Math.max(1, devices));
  return { account, limit: Math.min(commitLoadLimit, Math.max(leastLoadLimit, share)) };
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
  { account, limit }: Loader,
  kind: EntryKind,
  bodyBytes = 0,
  headerBytes = 0,
): boolean {
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
  return true;
}

/** An entry of a sender was acknowledged. */
export function lightenLoad(
  db: Database,
  queue: number,
  sender: number,
  kind: EntryKind,
  bodyBytes: number,
  headerBytes: number,
): void {
  const bytes = weightOf(kind, bodyBytes, headerBytes);
  const account = bytes > 0 ? accountOf(db, sender) : undefined;
  if (!account) return;
  db.run("UPDATE commit_load SET bytes = bytes - ? WHERE queue = ? AND account_key = ?", bytes, queue, account);
  db.run("DELETE FROM commit_load WHERE queue = ? AND account_key = ? AND bytes <= 0", queue, account);
}
