/** Deletes expired records and entries in bounded parts, so that no call waits long behind it. */

import type { DeliveryStore } from "../../delivery_store.ts";
import type { Operations } from "../operation.ts";
import { dropOld } from "./queues.ts";
import { forgetOfChannel, forgetSent } from "./retention.ts";

/** The most that a call deletes, and the queues or channels that it looks at. */
const perCall = 1000;
/** The most rows that it reads to find what is over, besides those of the last queue or channel: some 10 ms. */
const enoughRead = 10_000;

export const purgeOperations: Pick<
  Operations<DeliveryStore>,
  "purge" | "purgeQueues" | "purgeChannels" | "queueTotals"
> = {
  purge(db, _args, { nowMs }) {
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
    return { blobs, more: expired.length === perCall };
  },

  purgeQueues(db, { ageMs, after }, { nowMs }) {
    const queues = db.all<{ queue: number; isDropped: number }>(
      "SELECT queue, dropped AS isDropped FROM queues WHERE queue > ? ORDER BY queue LIMIT ?",
      after,
      perCall,
    );
    let [dropped, forgotten, read] = [0, 0, 0];
    for (const { queue, isDropped } of queues) {
      dropped += dropOld(db, queue, nowMs - ageMs, perCall - dropped);
      const sent = forgetSent(db, queue, isDropped === 1, nowMs, perCall - forgotten);
      forgotten += sent.deleted;
      read += sent.read;
      // The next call continues with this queue.
      if (dropped >= perCall || forgotten >= perCall) return { after: queue - 1 };
      if (read >= enoughRead) return { after: queue };
    }
    return { after: queues.length === perCall ? queues[perCall - 1].queue : undefined };
  },

  purgeChannels(db, { after }) {
    const channels = db.all<{ channel: number; epoch: number }>(
      "SELECT channel, epoch FROM channels WHERE channel > ? AND closed = 0 ORDER BY channel LIMIT ?",
      after,
      perCall,
    );
    let [deleted, read] = [0, 0];
    for (const { channel, epoch } of channels) {
      const found = forgetOfChannel(db, channel, epoch, perCall);
      deleted += found.deleted;
      read += found.read;
      if (deleted >= perCall) return { after: channel - 1 };
      if (read >= enoughRead) return { after: channel };
    }
    return { after: channels.length === perCall ? channels[perCall - 1].channel : undefined };
  },

  queueTotals(db) {
    return db.get<{ waiting: number; waitingBytes: number }>(
      "SELECT coalesce(sum(waiting), 0) AS waiting, coalesce(sum(waiting_bytes), 0) AS waitingBytes FROM queues",
    )!;
  },
};
