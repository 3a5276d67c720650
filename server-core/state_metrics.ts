/**
 * Gauges of what the core holds right now: read when metrics are asked for, and the database then asked for
 * its totals, not more often than every few seconds.
 */

import { X509Certificate } from "node:crypto";
import type { Metrics } from "./metrics.ts";
import type { DeliveryStore } from "./storage/delivery_store.ts";

/** Summing over all queues takes the storage thread some ms with many accounts. */
const totalsEveryMs = 10_000;

export interface StateSources {
  dataDir: string;
  certificatePem: string;
  /** Operations that wait for the disk. */
  storageWaiting(): number;
  store: Pick<DeliveryStore, "queueTotals">;
  /** ms since the Unix epoch. */
  now: () => number;
}

/**
 * Registers the gauges.
 *
 * @returns what must be awaited before metrics are rendered
 */
export function watchState(
  metrics: Metrics,
  { dataDir, certificatePem, storageWaiting, store, now }: StateSources,
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
  metrics.gauge("qpq_storage_waiting", "operations that wait for the disk", storageWaiting);
  metrics.gauge(
    "qpq_database_bytes",
    "size of the database with its write-ahead log",
    () => fileBytes(`${dataDir}/qpq.db`) + fileBytes(`${dataDir}/qpq.db-wal`),
  );
  let totals = { waiting: 0, waitingBytes: 0 };
  let askedMs = -Infinity;
  metrics.gauge("qpq_queue_messages", "messages that wait in the queues of all devices", () => totals.waiting);
  metrics.gauge("qpq_queue_bytes", "bytes of messages that wait, counted for each device", () => totals.waitingBytes);
  return async () => {
    if (now() - askedMs < totalsEveryMs) return;
    askedMs = now();
    totals = await store.queueTotals();
  };
}

function fileBytes(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch {
    // There is no write-ahead log right after a checkpoint.
    return 0;
  }
}
