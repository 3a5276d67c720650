/**
 * Gauges of the core's present state. They are read when metrics are rendered. Totals of the database are
 * read at most every few seconds.
 */

import { X509Certificate } from "node:crypto";
import type { DiskSpace } from "./disk_space.ts";
import type { Metrics } from "./metrics.ts";
import type { Store } from "./storage/store.ts";

/** Summing over all queues takes the storage thread some ms with many accounts. */
const totalsEveryMs = 10_000;

export interface StateSources {
  certificatePem: string;
  store: Pick<Store, "waiting" | "storedBytes" | "delivery">;
  disk: Pick<DiskSpace, "refuses">;
  /** ms since the Unix epoch. */
  now: () => number;
}

/**
 * Registers the gauges.
 *
 * @returns a function to be awaited before metrics are rendered
 */
export function watchState(
  metrics: Metrics,
  { certificatePem, store, disk, now }: StateSources,
): () => Promise<void> {
  const { validFrom, validTo } = new X509Certificate(certificatePem);
  metrics.gauge(
    "qpq_certificate_age_seconds",
    "since the core's certificate became valid",
    () => (now() - Date.parse(validFrom)) / 1000,
  );
  metrics.gauge(
    "qpq_certificate_expires_seconds",
    "until the core's certificate is over",
    () => (Date.parse(validTo) - now()) / 1000,
  );
  metrics.gauge("process_resident_memory_bytes", "resident memory", () => Deno.memoryUsage().rss);
  metrics.gauge("qpq_storage_waiting", "operations that wait for the disk", () => store.waiting);
  metrics.gauge(
    "qpq_disk_refusing",
    "1 while the disk has less free than QPQ_DISK_RESERVE: whatever stores more is refused",
    () => disk.refuses ? 1 : 0,
  );
  let storedBytes = 0;
  metrics.gauge("qpq_database_bytes", "size of the database with its write-ahead log", () => storedBytes);
  let totals = { waiting: 0, waitingBytes: 0 };
  let askedMs = -Infinity;
  metrics.gauge("qpq_queue_messages", "messages that wait in the queues of all devices", () => totals.waiting);
  metrics.gauge("qpq_queue_bytes", "bytes of messages that wait, counted for each device", () => totals.waitingBytes);
  return async () => {
    storedBytes = await store.storedBytes();
    // By the monotonic clock: else these totals would stand still where time was set back.
    if (performance.now() - askedMs < totalsEveryMs) return;
    askedMs = performance.now();
    totals = await store.delivery.queueTotals();
  };
}
