/**
 * Encrypts the database under another key: makes a copy, checks it, and renames it into the database's place.
 */

import { DamagedDataError, DataInUseError, RefusedError } from "../../errors.ts";
import { exists, folderOf, syncFile, syncFolder } from "../../files.ts";
import { Database } from "../database.ts";
import { databasePath } from "../database_files.ts";
import { lockData } from "../data_lock.ts";
import { noteKeyChange } from "../key_record.ts";
import { checkExisting, readMigrations } from "../open.ts";
import { finishReplacing } from "../replace_data.ts";
import type { DataDirectory } from "./access.ts";
import { faultsOf } from "./faults.ts";

/**
 * @param newKey SQLCipher passphrase; undefined: not encrypted
 * @throws RefusedError, DataInUseError, StorageFormatError, DamagedDataError
 */
export async function rekeyDatabase(
  { dataDir, key, machineMs: nowMs }: DataDirectory,
  newKey: string | undefined,
): Promise<void> {
  const path = databasePath(dataDir);
  if (!exists(path)) throw new RefusedError(`${dataDir} holds no database`, "check QPQ_DATA");
  const lock = await lockData(dataDir, "replacing");
  try {
    finishReplacing(dataDir);
    checkExisting(path, key, readMigrations());
    replaceUnder(newKey, path, { key, nowMs });
  } finally {
    lock.release();
  }
}

function replaceUnder(
  newKey: string | undefined,
  path: string,
  { key, nowMs }: { key: string | undefined; nowMs: number },
): void {
  const copy = `${path}.rekeyed`;
  removeCopy(copy);
  try {
    makeCopy(copy, path, key);
    encryptCopy(newKey, copy, { key, nowMs });
    Deno.renameSync(copy, path);
    syncFolder(folderOf(path));
  } finally {
    removeCopy(copy);
  }
}

/** Also removes the copy of an interrupted rekey. */
function removeCopy(copy: string): void {
  for (const left of [copy, `${copy}-journal`]) if (exists(left)) Deno.removeSync(left);
}

/**
 * @returns false while another process has the database open. SQLite reports that by an error or by the old
 *   mode
 */
function leavesWal(db: Database): boolean {
  try {
    return db.pragma("journal_mode=DELETE") === "delete";
  } catch (error) {
    if ((error as { code?: string }).code?.startsWith("SQLITE_BUSY")) return false;
    throw error;
  }
}

function makeCopy(copy: string, path: string, key: string | undefined): void {
  const db = new Database(path, { key, fileMustExist: true });
  try {
    // With its log merged, the database is one file, which a rename replaces as a whole. A program that has
    // it open would prevent that, and its log would then meet another database.
    if (!leavesWal(db)) throw new DataInUseError("another program has the database open", "end it, then try again");
    Deno.openSync(copy, { createNew: true, write: true, mode: 0o600 }).close();
    db.run("VACUUM INTO ?", copy);
  } finally {
    db.close();
  }
}

/** Encrypts the whole copy, durably, and reads all of it with the new key. */
function encryptCopy(
  newKey: string | undefined,
  copy: string,
  { key, nowMs }: { key: string | undefined; nowMs: number },
): void {
  const rekeyed = new Database(copy, { key, fileMustExist: true });
  try {
    noteKeyChange(rekeyed, newKey !== undefined, nowMs);
    rekeyed.rekey(newKey);
  } finally {
    rekeyed.close();
  }
  checkExisting(copy, newKey, readMigrations());
  syncFile(copy);
  const whole = new Database(copy, { key: newKey, readonly: true, fileMustExist: true });
  try {
    const [fault] = faultsOf(whole);
    if (fault) {
      throw new DamagedDataError(`the database is damaged: ${fault}`, "it was left as it is; qpq-server check");
    }
  } finally {
    whole.close();
  }
}
