/** Gauges of the disk that holds the data, and of the last backup: for the operator's alerts. */

import { type DiskState, readDisk } from "./disk_space.ts";
import type { Metrics } from "./metrics.ts";
import { lastBackup } from "./storage/last_backup.ts";

/**
 * Registers the gauges. Where the system does not say how large a disk is they are NaN, which no alert compares.
 *
 * @param dataDir the data directory
 */
export function watchDisk(metrics: Metrics, dataDir: string): void {
  metrics.gauge("qpq_disk_free_bytes", "free bytes of the disk that holds the data", () => diskOf(dataDir).freeBytes);
  metrics.gauge("qpq_disk_total_bytes", "size of the disk that holds the data", () => diskOf(dataDir).totalBytes);
  metrics.gauge(
    "qpq_last_backup_timestamp_seconds",
    "when `qpq-server backup` was last done on this data, since 1970; 0: never",
    () => (lastBackup(dataDir)?.madeMs ?? 0) / 1000,
  );
}

function diskOf(folder: string): Pick<DiskState, "freeBytes" | "totalBytes"> {
  try {
    return readDisk(folder);
  } catch {
    return { freeBytes: NaN, totalBytes: NaN };
  }
}
