/** Notes that the data was restored from a backup, and reports it to clients. */

import type { DeliveryStore } from "../../delivery_store.ts";
import type { Database } from "../database.ts";
import type { Operations } from "../operation.ts";
import { raiseAfterRestore } from "./places.ts";

/**
 * A device may have been away at an earlier restore, and resends its lost messages only when it returns. As long
 * as a message waits, unless the operator has set QPQ_QUEUE_DAYS.
 */
const restoresCountMs = 90 * 24 * 3_600_000;

export const restoreOperations: Pick<Operations<DeliveryStore>, "lastRestore"> = {
  lastRestore(db) {
    const { restoredMs, newestMs } = db.get<{ restoredMs: number | null; newestMs: number | null }>(
      `SELECT max(restored_ms) AS restoredMs, min(newest_ms) AS newestMs FROM restores
        WHERE restored_ms >= (SELECT max(restored_ms) FROM restores) - ?`,
      restoresCountMs,
    )!;
    return restoredMs === null || newestMs === null ? undefined : { restoredMs, newestMs };
  },
};

/** More entries than any queue has had since a backup. */
const seqGap = 2 ** 32;

/**
 * Notes in a restored database that it was restored. No two restores have the same time. Queues continue far
 * behind every number that a device can have seen since the backup. An entry with a number that a device has
 * passed would be taken for a repeat, and acknowledged unread. The places of channels continue behind those that
 * devices have seen, too.
 */
export function noteRestore(db: Database, nowMs: number): void {
  db.run("UPDATE queues SET next_seq = next_seq + ?", seqGap);
  raiseAfterRestore(db, nowMs);
  db.run(
    `INSERT INTO restores SELECT max(?, coalesce((SELECT max(restored_ms) + 1 FROM restores), 0)),
       coalesce((SELECT max(received_ms) FROM sent), 0)`,
    nowMs,
  );
}
