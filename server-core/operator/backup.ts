/**
 * `qpq-server backup FILE`: everything that a server needs to go on elsewhere, in one file, from a running
 * server too.
 *
 * The file is a database like the server's own, encrypted with the same key, as it was at one moment;
 * attachments and the core's certificate with its key lie in a table `backup_files` in it, in pieces. So a
 * backup is as secret as the database, and a half of it can not be mistaken for the whole.
 */

import { fromHex, toHex } from "../../schema/bytes.ts";
import { blobPath } from "../delivery/blob_files.ts";
import { Database } from "../storage/sqlite/database.ts";
import { exists, syncFolder } from "../storage/sqlite/replace_data.ts";
import { withDatabase } from "./access.ts";
import { type Command, exitCodes, Failure, type Invocation } from "./command.ts";
import { size } from "./output.ts";

/**
 * Files of the data directory that belong to a backup beside database and attachments: clients know the core
 * by its certificate.
 */
const keptFiles = ["core-key.pem", "core-cert.pem"];
const pieceBytes = 1024 * 1024;

export const backup: Command = {
  synopsis: "backup FILE",
  summary: "write everything into one new file, beside a running server or without one",
  details:
    `FILE holds the database as it is at this moment, the attachments, and the core's certificate with its key. It is encrypted with the database's key: keep that key elsewhere. FILE must not
exist; it appears under its name only once it is whole and on disk.`,
  examples: ["qpq-server backup /backup/monday.qpq", "qpq-server backup /backup/monday.qpq --json"],
  positionals: [1, 1],
  run: async (invocation) => {
    const [file] = invocation.positionals;
    if (exists(file)) throw new Failure(exitCodes.failed, "FILE exists already", "name a new file");
    const folder = folderOf(file);
    if (!exists(folder)) throw new Failure(exitCodes.failed, "FILE's folder does not exist");
    const partial = `${file}.partial-${crypto.randomUUID().slice(0, 8)}`;
    try {
      await withDatabase(invocation, { anySchema: true }, (db) => {
        // Made before SQLite opens it, so that nobody else can read it for a moment.
        Deno.openSync(partial, { createNew: true, write: true, mode: 0o600 }).close();
        db.run("VACUUM INTO ?", partial);
      });
      const attachments = await addFiles(invocation, partial);
      {
        using written = Deno.openSync(partial, { read: true, write: true });
        written.syncSync();
      }
      // Unlike a rename this fails when somebody has made FILE meanwhile.
      Deno.linkSync(partial, file);
      Deno.removeSync(partial);
      syncFolder(folder);
      const bytes = Deno.statSync(file).size;
      invocation.output.record(
        `${size(bytes)} written, ${attachments} ${attachments === 1 ? "attachment" : "attachments"}`,
        { file, bytes, attachments, encrypted: invocation.config.dbKey !== undefined },
      );
    } finally {
      for (const path of [partial, `${partial}-journal`]) if (exists(path)) Deno.removeSync(path);
    }
  },
};

/** @returns how many attachments went in */
async function addFiles(invocation: Invocation, path: string): Promise<number> {
  const { config: { dataDir, dbKey } } = invocation;
  const db = new Database(path, { key: dbKey, fileMustExist: true });
  try {
    db.exec(
      "CREATE TABLE backup_files (name TEXT NOT NULL, piece INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (name, piece)) STRICT",
    );
    db.exec("BEGIN");
    // The server deletes them at its next look; nobody can fetch them any more.
    db.run("DELETE FROM blobs WHERE expires_ms <= ?", invocation.nowMs);
    for (const name of keptFiles) if (exists(`${dataDir}/${name}`)) addFile(db, name, `${dataDir}/${name}`);
    let attachments = 0;
    for (const { sha256 } of db.all<{ sha256: Uint8Array<ArrayBuffer> }>("SELECT DISTINCT sha256 FROM blobs")) {
      const source = blobPath(`${dataDir}/blobs`, sha256);
      if (exists(source)) {
        addFile(db, `blobs/${toHex(sha256)}`, source);
        attachments++;
      } else if (await isRecorded(invocation, sha256)) {
        throw new Failure(
          exitCodes.damaged,
          `an attachment has a record and no file: ${toHex(sha256)}`,
          "qpq-server check",
        );
      } // Its time was over while the backup was made, and the server has deleted it.
      else db.run("DELETE FROM blobs WHERE sha256 = ?", sha256);
    }
    db.exec("COMMIT");
    return attachments;
  } finally {
    db.close();
  }
}

/** Asks the server's own database, as it is now. The server deletes a record before its file. */
function isRecorded(invocation: Invocation, sha256: Uint8Array): Promise<boolean> {
  return withDatabase(
    invocation,
    { anySchema: true },
    (db) => db.get("SELECT 1 FROM blobs WHERE sha256 = ? AND expires_ms > ?", sha256, invocation.nowMs) !== undefined,
  );
}

function addFile(db: Database, name: string, path: string): void {
  using file = Deno.openSync(path, { read: true });
  const buffer = new Uint8Array(pieceBytes);
  for (let piece = 0;; piece++) {
    let length = 0;
    for (
      let read = file.readSync(buffer);
      read !== null;
      read = length < pieceBytes ? file.readSync(buffer.subarray(length)) : null
    ) length += read;
    if (length > 0 || piece === 0) {
      db.run("INSERT INTO backup_files VALUES (?, ?, ?)", name, piece, buffer.slice(0, length));
    }
    if (length < pieceBytes) return;
  }
}

/**
 * Writes the files of a backup's database below `dataDir`, durably, and takes the table out (not its room:
 * VACUUM does that). For `restore`.
 */
export function takeFilesOut(db: Database, dataDir: string): number {
  let attachments = 0;
  for (const { name } of db.all<{ name: string }>("SELECT name FROM backup_files WHERE piece = 0 ORDER BY name")) {
    const hash = /^blobs\/([0-9a-f]{64})$/.exec(name)?.[1];
    // The names come from a file that somebody hands in: only those that a backup makes become paths.
    if (hash === undefined && !keptFiles.includes(name)) {
      throw new Failure(exitCodes.damaged, "the backup holds a file of an unknown name");
    }
    const path = hash === undefined ? `${dataDir}/${name}` : blobPath(`${dataDir}/blobs`, fromHex(hash));
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
    if (hash !== undefined) attachments++;
  }
  db.exec("DROP TABLE backup_files");
  return attachments;
}

/** @returns the folder of a path, "." where it names none */
function folderOf(path: string): string {
  const end = path.lastIndexOf("/");
  return end < 0 ? "." : path.slice(0, end) || "/";
}
