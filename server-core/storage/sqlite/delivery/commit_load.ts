/**
 * Counts the bytes of commits and Welcomes of one account that wait for one device. No queue limit drops
 * these. Without a bound one account could fill another's queue, and with it the server's disk.
 */

import type { Bytes } from "../../../../schema/bytes.ts";
import type { Database } from "../database.ts";

/**
 * Two of the largest bundles. A Welcome over this limit is refused (E032). A commit over it leaves the device
 * out, which then sees a missing commit.
 */
export const commitLoadLimit = 32 * 1024 * 1024;

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

/**
 * Counts a body before it is queued.
 *
 * @param queue the recipient's
 * @param sender the sending device's queue
 * @returns whether there is room; nothing is counted if not
 */
export function addLoad(db: Database, queue: number, sender: number, bytes: number): boolean {
  const account = accountOf(db, sender);
  if (!account) return true;
  const waiting =
    db.get<{ bytes: number }>("SELECT bytes FROM commit_load WHERE queue = ? AND account_key = ?", queue, account)
      ?.bytes ?? 0;
  if (waiting + bytes > commitLoadLimit) return false;
  db.run(
    `INSERT INTO commit_load (queue, account_key, bytes) VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes`,
    queue,
    account,
    bytes,
  );
  return true;
}

/** A body was acknowledged. */
export function lightenLoad(db: Database, queue: number, sender: number, bytes: number): void {
  const account = accountOf(db, sender);
  if (!account) return;
  db.run("UPDATE commit_load SET bytes = bytes - ? WHERE queue = ? AND account_key = ?", bytes, queue, account);
  db.run("DELETE FROM commit_load WHERE queue = ? AND account_key = ? AND bytes <= 0", queue, account);
}
