/**
 * Opens the database file: refuses foreign files without changing them, applies migrations, sets durability.
 */

import { exists, fileBytes, folderOf, syncFile, syncFolder } from "../files.ts";
import { makePrivate } from "../private_files.ts";
import { Database } from "./database.ts";
import { databasePath } from "./database_files.ts";
import { StorageFormatError, WrongKeyError } from "../errors.ts";
import { ensureKeyId } from "./key_record.ts";

/** Marks the core's files (SQLite `application_id`): "qpq2". */
const applicationId = 0x71707132;

/** The storage format: queues by channel. Format 1 had none. */
export const storageFormat = 2;

/** One numbered step of the schema. */
export interface Migration {
  number: number;
  name: string;
  sql: string;
}

/** @returns the migrations beside this file, in order */
export function readMigrations(): Migration[] {
  const folder = new URL("./migrations/", import.meta.url);
  const names = Array.from(Deno.readDirSync(folder), ({ name }) => name).filter((name) => /^\d{4}_\w+\.sql$/.test(name))
    .sort();
  return names.map((name) => ({
    number: Number(name.slice(0, 4)),
    name,
    sql: Deno.readTextFileSync(new URL(name, folder)),
  }));
}

export interface OpenOptions {
  /** The data directory; it exists. */
  dataDir: string;
  /** SQLCipher passphrase (`QPQ_DB_KEY`). */
  key?: string;
  migrations?: Migration[];
}

/**
 * Opens `qpq.db` in the data directory, making or migrating it as needed.
 *
 * @throws StorageFormatError
 */
export function openDatabase({ dataDir, key, migrations = readMigrations() }: OpenOptions): Database {
  refuseOldDeliveries(dataDir);
  const path = databasePath(dataDir);
  if ((fileBytes(path) ?? 0) > 0) {
    makePrivateDatabase(dataDir);
    checkExisting(path, key, migrations);
  } else {
    refuseLostDatabase(dataDir);
    makeEmptyDatabase(path, key);
  }
  const db = new Database(path, { key });
  try {
    db.pragma("journal_mode=WAL");
    db.pragma("synchronous=FULL");
    db.pragma("foreign_keys=ON");
    db.pragma("temp_store=MEMORY");
    db.pragma("wal_autocheckpoint=2000");
    migrate(db, migrations);
    if (key !== undefined) ensureKeyId(db, Date.now());
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Opens an existing database for a command: creates and migrates nothing. */
export interface OpenExistingOptions extends OpenOptions {
  /** Rows will be changed. */
  write?: boolean;
  /** Whether an older schema suffices. A command that uses table names needs the newest schema. */
  anySchema?: boolean;
}

/**
 * Opens `qpq.db` for an operator's command, beside a server or without one.
 *
 * @throws StorageFormatError
 */
export function openExisting(
  { dataDir, key, migrations = readMigrations(), write = false, anySchema = false }: OpenExistingOptions,
): Database {
  refuseOldDeliveries(dataDir);
  const path = databasePath(dataDir);
  if (!fileBytes(path)) {
    throw new StorageFormatError(`${dataDir} holds no database: check QPQ_DATA, or start the server once`);
  }
  makePrivateDatabase(dataDir);
  checkExisting(path, key, migrations);
  const db = new Database(path, { key, readonly: !write, fileMustExist: true });
  const version = db.pragma("user_version") as number;
  const newest = newestOf(migrations);
  if (anySchema || version === newest) return db;
  db.close();
  throw new StorageFormatError(
    `${path} has schema ${version}, this command needs ${newest}: start this version of the server once, it \
migrates the database`,
  );
}

function newestOf(migrations: Migration[]): number {
  return Math.max(0, ...migrations.map(({ number }) => number));
}

/** Version 1 kept its queues in one file of another form, without channels. It can not be converted. */
function refuseOldDeliveries(dataDir: string): void {
  if (fileBytes(`${dataDir}/deliveries.bin`) === undefined) return;
  throw new StorageFormatError(
    `${dataDir} holds deliveries.bin, the queue file of storage format 1, which this server can not read; it \
was left as it is. Start with an empty QPQ_DATA directory, or run the older server until its queues are empty \
and then move deliveries.bin away`,
  );
}

/**
 * Checks whether a file is a database that this server can use, and changes nothing.
 *
 * @throws StorageFormatError
 */
export function checkExisting(path: string, key: string | undefined, migrations: Migration[]): void {
  const encrypted = !hasPlainHeader(path);
  if (encrypted && key === undefined) {
    throw new WrongKeyError(
      `${path} is encrypted or no SQLite database; it was left as it is. Set QPQ_DB_KEY or QPQ_DB_KEY_FILE to its key`,
    );
  }
  if (!encrypted && key !== undefined) {
    throw new WrongKeyError(
      `${path} is not encrypted, but QPQ_DB_KEY is set; it was left as it is. Unset the key, encrypt the \
database with \`qpq-server rekey\`, or start with an empty QPQ_DATA directory`,
    );
  }
  const db = new Database(path, { key, readonly: true, fileMustExist: true });
  try {
    const found = formatOf(db, path, key);
    if (found !== storageFormat) {
      throw new StorageFormatError(
        `${path} has storage format ${
          found ?? "unknown (not a quicproquo database)"
        }, this server needs ${storageFormat}; it was left as it is. Point QPQ_DATA at an empty directory, or \
run the server version that made it`,
      );
    }
    const newest = newestOf(migrations);
    const version = db.pragma("user_version") as number;
    if (version > newest) {
      throw new StorageFormatError(
        `${path} was made by a newer server (schema ${version}, this one knows ${newest}); it was left as it \
is. Run the newer server`,
      );
    }
  } finally {
    db.close();
  }
}

function formatOf(db: Database, path: string, key: string | undefined): number | undefined {
  try {
    if (
      !db.get("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'meta'") ||
      db.pragma("application_id") !== applicationId
    ) return undefined;
    return Number(db.get<{ value: string }>("SELECT value FROM meta WHERE name = 'format'")?.value);
  } catch (error) {
    if ((error as { code?: string }).code !== "SQLITE_NOTADB") throw error;
    if (key === undefined) {
      throw new StorageFormatError(`${path} is damaged or no SQLite database; it was left as it is`);
    }
    throw new WrongKeyError(
      `${path} does not open with this key; it was left as it is. Check QPQ_DB_KEY or QPQ_DB_KEY_FILE`,
    );
  }
}

/** SQLite gives its log and the log's index the mode of the database. Those of earlier versions are there already. */
function makePrivateDatabase(dataDir: string): void {
  for (const part of ["", "-wal", "-shm"]) makePrivate(`${databasePath(dataDir)}${part}`);
}

/** Beside an empty file, or none, these say that there was a database: an empty one would shut everybody out. */
function refuseLostDatabase(dataDir: string): void {
  const path = databasePath(dataDir);
  const traces = exists(path)
    ? ["core-key.pem", "core-cert.pem", "blobs"].filter((name) => exists(`${dataDir}/${name}`))
    : attachmentFolders(`${dataDir}/blobs`);
  const isLost = traces.length > 0 || (fileBytes(`${path}-wal`) ?? 0) > 0;
  if (!isLost) return;
  throw new StorageFormatError(
    `${path} is ${exists(path) ? "empty" : "missing"}, but ${traces[0] ?? "its log"} is there: the database was \
lost; what is there was left as it is. Bring it back with \`qpq-server restore FILE --replace\`, or start with an \
empty QPQ_DATA directory`,
  );
}

function attachmentFolders(blobs: string): string[] {
  if (!exists(blobs)) return [];
  return Array.from(Deno.readDirSync(blobs), ({ name }) => name).filter((name) => /^[0-9a-f]{2}$/.test(name))
    .map((name) => `blobs/${name}`);
}

/** A database without tables. It gets its name when it is complete, so an empty file is never one that was begun. */
function makeEmptyDatabase(path: string, key: string | undefined): void {
  const made = `${path}.new`;
  for (const part of [made, `${made}-journal`]) if (exists(part)) Deno.removeSync(part);
  Deno.openSync(made, { createNew: true, write: true, mode: 0o600 }).close();
  const db = new Database(made, { key });
  try {
    db.exec(`BEGIN; CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
      INSERT INTO meta VALUES ('format', '${storageFormat}'); PRAGMA application_id = ${applicationId}; COMMIT`);
  } finally {
    db.close();
  }
  syncFile(made);
  Deno.renameSync(made, path);
  syncFolder(folderOf(path));
}

function migrate(db: Database, migrations: Migration[]): void {
  const applied = db.pragma("user_version") as number;
  for (const { number, sql } of migrations) {
    if (number > applied) db.exec(`BEGIN; ${sql}\n; PRAGMA user_version = ${number}; COMMIT`);
  }
}

/**
 * Every plain SQLite file begins with these 16 bytes (https://www.sqlite.org/fileformat.html §1.3); an
 * encrypted one begins with its salt.
 */
function hasPlainHeader(path: string): boolean {
  using file = Deno.openSync(path, { read: true });
  const header = new Uint8Array(16);
  return file.readSync(header) === 16 && new TextDecoder().decode(header) === "SQLite format 3\0";
}
