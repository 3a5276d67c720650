/** Replaces the data by a backup, so that a crash leaves the old or the new data complete. */

import { DamagedDataError, RefusedError } from "../../errors.ts";
import { removeLabel } from "../../backup_label.ts";
import { exists, syncFile } from "../../files.ts";
import { trustedTime, writeClock } from "../clock.ts";
import { Database } from "../database.ts";
import { databasePath } from "../database_files.ts";
import { lockData } from "../data_lock.ts";
import { noteRestore } from "../delivery/restores.ts";
import { mergeKeys } from "../key_record.ts";
import { openDatabase, openExisting } from "../open.ts";
import { abandonReplacing, beginReplacing, decideReplacing, finishReplacing } from "../replace_data.ts";
import type { DataDirectory } from "./access.ts";
import { hasFileTable, takeFilesOut } from "./backup_files.ts";
import { checkBackup, type KnownKeys, knownKeys } from "./backup_key.ts";
import { faultsOf } from "./faults.ts";

/**
 * @param args.replace whether existing data may be replaced
 * @returns how many attachments were restored, and the folder of the old data
 * @throws DataInUseError, RefusedError, StorageFormatError, DamagedDataError
 */
export async function restoreBackup(
  directory: DataDirectory,
  { file, replace }: { file: string; replace: boolean },
): Promise<{ attachments: number; aside: string | undefined }> {
  const { dataDir, key, machineMs } = directory;
  const lock = await lockData(dataDir, "replacing");
  try {
    finishReplacing(dataDir);
    if (exists(databasePath(dataDir)) && !replace) {
      throw new RefusedError(`${dataDir} holds data`, "restore FILE --replace: what is there is kept aside");
    }
    checkBackup(file, directory);
    const known = knownKeys(directory);
    const nowMs = timeOfOldData(directory);
    const folder = beginReplacing(dataDir);
    try {
      const attachments = unpack(file, folder, { key, nowMs }, known);
      const aside = decideReplacing(dataDir, new Date(machineMs).toISOString().replaceAll(/[:.]/g, "-"));
      return { attachments, aside };
    } catch (error) {
      abandonReplacing(dataDir);
      throw error;
    }
  } finally {
    lock.release();
  }
}

/**
 * @returns the trusted time of the data that is replaced. Without such data the machine's clock is believed: a backup
 *   does not say how old it is
 */
function timeOfOldData({ dataDir, key, machineMs }: DataDirectory): number {
  try {
    const db = openExisting({ dataDir, key, anySchema: true });
    try {
      return trustedTime(db, machineMs).trustedMs;
    } finally {
      db.close();
    }
  } catch {
    // What is replaced may be missing or damaged.
    return machineMs;
  }
}

/** @returns how many attachments there were */
function unpack(
  file: string,
  folder: string,
  { key, nowMs }: { key: string | undefined; nowMs: number },
  known: KnownKeys | undefined,
): number {
  const packed = `${folder}/packed.db`;
  const path = databasePath(folder);
  Deno.copyFileSync(file, packed);
  Deno.chmodSync(packed, 0o600);
  removeLabel(packed);
  const db = new Database(packed, { key, fileMustExist: true });
  let attachments: number;
  try {
    if (!hasFileTable(db)) {
      throw new RefusedError("FILE is a database and no backup", "backups are made by `qpq-server backup`");
    }
    const faults = faultsOf(db);
    if (faults.length > 0) throw new DamagedDataError(`the backup is damaged: ${faults[0]}`);
    attachments = takeFilesOut(db, folder);
    // Into a file beside it. VACUUM alone would need space for the whole database in memory or in the
    // temporary folder, and a container has little of either.
    Deno.openSync(path, { createNew: true, write: true, mode: 0o600 }).close();
    db.run("VACUUM INTO ?", path);
  } finally {
    db.close();
  }
  Deno.removeSync(packed);
  const restored = openDatabase({ dataDir: folder, key });
  try {
    noteRestore(restored, nowMs);
    writeClock(restored, { newestMs: nowMs, stepMs: 0, steadyMs: 0, accepted: 0 });
    if (known) mergeKeys(restored, known, nowMs);
    // No log file stays beside the database.
    restored.pragma("journal_mode=DELETE");
  } finally {
    restored.close();
  }
  syncFile(path);
  return attachments;
}
