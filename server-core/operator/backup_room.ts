/**
 * Whether a scheduled backup fits beside the data. A row of backups on the data's own disk grows with what users store,
 * times the number that are kept: it must not be what brings the disk below the reserve, where the server takes nothing
 * new any more (disk_space.ts).
 */

import type { ServerConfig } from "../config.ts";
import { type DiskState, readDisk } from "../disk_space.ts";
import type { OperatorStore } from "../storage/operator_store.ts";
import { exitCodes, Failure } from "./command.ts";
import { size } from "./output.ts";

/**
 * @param folder the backup's; one on another disk than the data is always good
 * @throws Failure when less than QPQ_DISK_RESERVE would be free beside the backup
 */
export async function requireRoomForBackup(
  { dataDir, diskReservePercent }: Pick<ServerConfig, "dataDir" | "diskReservePercent">,
  store: Pick<OperatorStore, "facts">,
  folder: string,
): Promise<void> {
  if (diskReservePercent === 0 || Deno.statSync(folder).dev !== Deno.statSync(dataDir).dev) return;
  const disk = readDisk(folder);
  const { databaseBytes, attachmentBytes } = await store.facts();
  const bytes = databaseBytes + attachmentBytes;
  if (percentBeside(disk, bytes) >= diskReservePercent) return;
  throw new Failure(
    exitCodes.failed,
    `no backup was made: it takes up to ${size(bytes)}, ${size(disk.freeBytes)} are free, and QPQ_DISK_RESERVE ` +
      `(${diskReservePercent} %) stays free for the server`,
    "keep fewer backups, or keep them on another disk",
  );
}

/** The part of the disk that is free beside so many bytes more. */
function percentBeside({ freeBytes, totalBytes }: DiskState, bytes: number): number {
  return 100 * (freeBytes - bytes) / totalBytes;
}
