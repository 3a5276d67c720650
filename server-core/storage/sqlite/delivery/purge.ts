/** Deletes expired records and entries in bounded parts, so that no call waits long behind it. */

import type { DeliveryStore } from "../../delivery_store.ts";
import type { Operations } from "../operation.ts";
import { dropOld } from "./queues.ts";

/** specification §4.2: a repeated message is recognised for 30 days. */
const keepSentMs = 30 * 24 * 3600 * 1000;
const perCall = 1000;

export const purgeOperations: Pick<Operations<DeliveryStore>, "purge" | "purgeQueues" | "queueTotals"> = {
  purge(db, _args, { nowMs }) {
    const oldSent = db.run(
      `DELETE FROM sent WHERE (channel, sender, recipient, message_id) IN (
         SELECT channel, sender, recipient, message_id FROM sent WHERE received_ms <= ? LIMIT ?)`,
      nowMs - keepSentMs,
      perCall,
    ).changes;
    const expired = db.all<{ sha256: Uint8Array<ArrayBuffer> }>(
      `DELETE FROM blobs WHERE (sha256, account_key) IN (
         SELECT sha256, account_key FROM blobs WHERE expires_ms <= ? LIMIT ?)
       RETURNING sha256`,
      nowMs,
      perCall,
    );
    const blobs = expired.map(({ sha256 }) => sha256).filter((sha256) =>
      !db.get("SELECT 1 FROM blobs WHERE sha256 = ?", sha256)
    );
    return { blobs, more: oldSent === perCall || expired.length === perCall };
  },

  purgeQueues(db, { ageMs, after }, { nowMs }) {
    const queues = db.all<{ queue: number }>(
      "SELECT queue FROM queues WHERE queue > ? ORDER BY queue LIMIT ?",
      after,
      perCall,
    );
    let dropped = 0;
    for (const { queue } of queues) {
      dropped += dropOld(db, queue, nowMs - ageMs, perCall - dropped);
      // The next call continues with this queue.
      if (dropped >= perCall) return { after: queue - 1 };
    }
    return { after: queues.length === perCall ? queues[perCall - 1].queue : undefined };
  },

  queueTotals(db) {
    return db.get<{ waiting: number; waitingBytes: number }>(
      "SELECT coalesce(sum(waiting), 0) AS waiting, coalesce(sum(waiting_bytes), 0) AS waitingBytes FROM queues",
    )!;
  },
};
