/**
 * Writes a backup: the server's whole state in one file, for a server elsewhere.
 *
 * The file is a database like the server's own, encrypted with the same key, as it was at one moment. One of
 * its tables holds attachments and the core's certificate with its key. So a backup is as secret as the
 * database, and an incomplete backup can not be mistaken for a complete one. Behind its end stands a label
 * (backup_label.ts).
 */

import { toHex } from "../../../../schema/bytes.ts";
import { addLabel, type BackupLabel } from "../../backup_label.ts";
import { blobPath } from "../../blob_path.ts";
import { DamagedDataError } from "../../errors.ts";
import { exists, folderOf, syncFile, syncFolder } from "../../files.ts";
import { trustedTime } from "../clock.ts";
import { Database } from "../database.ts";
import { keyInUse } from "../key_record.ts";
import { type DataDirectory, withDatabase } from "./access.ts";
import { addFile, hasFileTable, keptFiles, makeFileTable } from "./backup_files.ts";
import { checkBackup } from "./backup_key.ts";
import { faultsOf } from "./faults.ts";

/**
 * Writes a backup into a new file, beside a running server or without one.
 *
 * @returns how many attachments it holds
 * @throws DamagedDataError when an attachment is lost, Deno.errors.AlreadyExists when there is such a file
 */
export async function writeBackup(
  directory: DataDirectory,
  { file, kept }: { file: string; kept?: BackupLabel["kept"] },
): Promise<{ attachments: number }> {
  const partial = `${file}.partial-${crypto.randomUUID().slice(0, 8)}`;
  try {
    const key = await withDatabase(directory, { anySchema: true }, (db) => {
      // Created before SQLite opens it, so that no other user can ever read it.
      Deno.openSync(partial, { createNew: true, write: true, mode: 0o600 }).close();
      db.run("VACUUM INTO ?", partial);
      return keyInUse(db);
    });
    const attachments = await addFiles(directory, partial);
    addLabel(partial, { madeMs: directory.machineMs, ...(key && { key }), ...(kept && { kept }) });
    syncFile(partial);
    // Unlike a rename, this fails when FILE was created meanwhile.
    Deno.linkSync(partial, file);
    Deno.removeSync(partial);
    syncFolder(folderOf(file));
    return { attachments };
  } finally {
    for (const path of [partial, `${partial}-journal`]) if (exists(path)) Deno.removeSync(path);
  }
}

/** @returns how many attachments were added */
async function addFiles(directory: DataDirectory, path: string): Promise<number> {
  const { dataDir, key, machineMs } = directory;
  const db = new Database(path, { key, fileMustExist: true });
  try {
    makeFileTable(db);
    db.exec("BEGIN");
    // They have expired: nobody can fetch them, and the server deletes them at its next purge.
    db.run("DELETE FROM blobs WHERE expires_ms <= ?", trustedTime(db, machineMs).trustedMs);
    for (const name of keptFiles) if (exists(`${dataDir}/${name}`)) addFile(db, name, `${dataDir}/${name}`);
    let attachments = 0;
    for (const { sha256 } of db.all<{ sha256: Uint8Array<ArrayBuffer> }>("SELECT DISTINCT sha256 FROM blobs")) {
      const source = blobPath(`${dataDir}/blobs`, sha256);
      if (exists(source)) {
        addFile(db, `blobs/${toHex(sha256)}`, source);
        attachments++;
      } else if (await isRecorded(directory, sha256)) {
        throw new DamagedDataError(
          `an attachment has a record and no file: ${toHex(sha256)}`,
          "qpq-server check",
        );
      } // The attachment expired during the backup, and the server has deleted it.
      else db.run("DELETE FROM blobs WHERE sha256 = ?", sha256);
    }
    db.exec("COMMIT");
    return attachments;
  } finally {
    db.close();
  }
}

/** Asks the server's own database, in its present state. The server deletes a record before its file. */
function isRecorded(directory: DataDirectory, sha256: Uint8Array): Promise<boolean> {
  return withDatabase(
    directory,
    { anySchema: true },
    (db, nowMs) => db.get("SELECT 1 FROM blobs WHERE sha256 = ? AND expires_ms > ?", sha256, nowMs) !== undefined,
  );
}

/** @returns a sentence for each fault of a backup; empty when it can be restored with the present key */
export function faultsOfBackup({ dataDir, key }: DataDirectory, file: string): string[] {
  try {
    checkBackup(file, { dataDir, key });
    const db = new Database(file, { key, readonly: true, fileMustExist: true });
    try {
      return hasFileTable(db) ? faultsOf(db) : ["it is no backup"];
    } finally {
      db.close();
    }
  } catch (error) {
    return [(error as Error).message];
  }
}
