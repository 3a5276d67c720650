/** Empties and closes the queue of a revoked device. */

import type { Database } from "../database.ts";
import { acknowledge, ensureQueue } from "./queues.ts";

/**
 * Closes a revoked device's queue: its entries are deleted, and it gets no more. The device stays a member of
 * its channels until a member's commit removes it, because the members' MLS states still have it. Called by
 * the operation that stores the device list, in the same transaction.
 *
 * @param recipientKey 32 bytes; a device that never had a queue gets a closed one
 */
export function dropDevice(db: Database, recipientKey: Uint8Array): void {
  const queue = ensureQueue(db, recipientKey);
  db.run("UPDATE queues SET dropped = 1 WHERE queue = ?", queue);
  acknowledge(db, queue, { upTo: Number.MAX_SAFE_INTEGER });
}
