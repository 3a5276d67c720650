/**
 * The table `backup_files` of a backup: files of the data directory in pieces, beside the database's own
 * tables.
 */

import { fromHex } from "../../../../schema/bytes.ts";
import { blobPath } from "../../blob_path.ts";
import { DamagedDataError } from "../../errors.ts";
import { folderOf, syncFolder } from "../../files.ts";
import type { Database } from "../database.ts";

/**
 * Files of the data directory that belong to a backup besides database and attachments. Clients know the core
 * by its certificate.
 */
export const keptFiles = ["core-key.pem", "core-cert.pem"];

const pieceBytes = 1024 * 1024;

/** Makes the table, empty. */
export function makeFileTable(db: Database): void {
  db.exec(
    `CREATE TABLE backup_files
       (name TEXT NOT NULL, piece INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (name, piece)) STRICT`,
  );
}

/** @returns whether the database is a backup */
export function hasFileTable(db: Database): boolean {
  return db.get("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'backup_files'") !== undefined;
}

/** Adds the file at `path` under `name`. */
export function addFile(db: Database, name: string, path: string): void {
  using file = Deno.openSync(path, { read: true });
  const buffer = new Uint8Array(pieceBytes);
  for (let piece = 0;; piece++) {
    const length = fill(buffer, file);
    if (length > 0 || piece === 0) {
      db.run("INSERT INTO backup_files VALUES (?, ?, ?)", name, piece, buffer.slice(0, length));
    }
    if (length < pieceBytes) return;
  }
}

/** @returns how many bytes were read; fewer than the buffer holds only at the file's end */
function fill(buffer: Uint8Array, file: Deno.FsFile): number {
  let length = 0;
  while (length < buffer.length) {
    const read = file.readSync(buffer.subarray(length));
    if (read === null) break;
    length += read;
  }
  return length;
}

/**
 * Writes the files of a backup below `dataDir`, durably, and drops the table. VACUUM frees its space.
 *
 * @returns how many attachments there were
 * @throws DamagedDataError for a file of an unknown name
 */
export function takeFilesOut(db: Database, dataDir: string): number {
  let attachments = 0;
  for (const { name } of db.all<{ name: string }>("SELECT name FROM backup_files WHERE piece = 0 ORDER BY name")) {
    const hash = /^blobs\/([0-9a-f]{64})$/.exec(name)?.[1];
    // The names come from a file that anybody may have made. Only names that a backup uses become paths.
    if (hash === undefined && !keptFiles.includes(name)) {
      throw new DamagedDataError("the backup holds a file of an unknown name");
    }
    writeFile(db, name, hash === undefined ? `${dataDir}/${name}` : blobPath(`${dataDir}/blobs`, fromHex(hash)));
    if (hash !== undefined) attachments++;
  }
  db.exec("DROP TABLE backup_files");
  return attachments;
}

function writeFile(db: Database, name: string, path: string): void {
  Deno.mkdirSync(folderOf(path), { recursive: true, mode: 0o700 });
  using file = Deno.openSync(path, { create: true, write: true, truncate: true, mode: 0o600 });
  const pieces = db.get<{ count: number }>("SELECT count(*) AS count FROM backup_files WHERE name = ?", name)!.count;
  for (let piece = 0; piece < pieces; piece++) {
    const { bytes } = db.get<{ bytes: Uint8Array }>(
      "SELECT bytes FROM backup_files WHERE name = ? AND piece = ?",
      name,
      piece,
    )!;
    for (let rest = bytes; rest.length > 0;) rest = rest.subarray(file.writeSync(rest));
  }
  file.syncSync();
  syncFolder(folderOf(path));
}
