/**
 * The engine's storage in one SQLite file, the state. With a passphrase the file is encrypted by SQLCipher. One
 * process at a time holds the file, because two engines on one state would use a ratchet twice.
 *
 * The engine seals the values (client/storage/sealed_store.ts), but the wrapping secret is in the same file. So
 * without a passphrase everybody who can read the file can read everything.
 */

import { Buffer } from "node:buffer";
import fs from "node:fs";
import Sqlite from "better-sqlite3-multiple-ciphers";
import { type Bytes, equalBytes } from "../../schema/bytes.ts";
import { importWrappingKey } from "../../client/storage/sealed_store.ts";
import {
  GuardError,
  type RangeOptions,
  type Storage,
  StorageError,
  StorageFullError,
  type StoredRecord,
  type StoreName,
  type WriteBatch,
} from "../../client/storage/storage.ts";
import { StateError, WrongPassphraseError } from "./state_error.ts";
import { makePrivate, prepareFile } from "./state_file.ts";

/** Marks files of qpq (SQLite `application_id`): "qpqc". */
const applicationId = 0x71707163;
const formatVersion = 1;

const schema = `BEGIN;
  CREATE TABLE records (store TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (store, key))
    STRICT, WITHOUT ROWID;
  CREATE TABLE printed (chat TEXT PRIMARY KEY, upto TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE secret (id INTEGER PRIMARY KEY CHECK (id = 1), bytes BLOB NOT NULL) STRICT;
  PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${formatVersion}; COMMIT`;

const otherPath = "give another file with --state";

/**
 * The path of the native library is given, because the package's own search would need another permission (the
 * report of the operating system).
 */
export function nativeBinding(): string {
  const platform = { linux: "linux", darwin: "darwin", windows: "win32" }[Deno.build.os as string];
  const architecture = Deno.build.arch === "x86_64" ? "x64" : "arm64";
  return decodeURIComponent(
    new URL(
      `./prebuilds/${platform}-${architecture}.node`,
      import.meta.resolve("better-sqlite3-multiple-ciphers/package.json"),
    ).pathname,
  );
}

/** {@link Storage} on one SQLite file. */
export class SqliteStorage implements Storage {
  readonly #db: Sqlite.Database;

  private constructor(db: Sqlite.Database) {
    this.#db = db;
  }

  /**
   * Opens the state, or creates it (readable by its owner alone).
   *
   * @param passphrase encrypts a new file; opens an encrypted one
   * @param note called when others could read the file until now
   * @throws StateError when another process holds the file, when the passphrase is wrong or missing, or when
   *   the file is not a state of qpq. Then the file is unchanged
   */
  static open(path: string, passphrase?: string, note: (text: string) => void = () => {}): SqliteStorage {
    prepareFile(path, passphrase);
    const db = opened(path);
    try {
      if (passphrase !== undefined) {
        db.pragma("cipher='sqlcipher'");
        // Given as bytes. Within SQL a zero byte would end the statement, and an error would show the text
        // before it.
        db.key(Buffer.from(passphrase, "utf8"));
      }
      // The lock is taken with the first access and held until the process ends in any way.
      db.pragma("locking_mode=EXCLUSIVE");
      db.exec("BEGIN IMMEDIATE; COMMIT");
      // This check comes before any write: another program's database stays unchanged.
      const isNew = checkFormat(db, path);
      makePrivate(path, passphrase, note);
      db.pragma("journal_mode=WAL");
      db.pragma("synchronous=FULL");
      // Deleted records (keys of past messages, everything at a logout) are overwritten in the file, and SQLite
      // writes no temporary files.
      db.pragma("secure_delete=ON");
      db.pragma("temp_store=MEMORY");
      if (isNew) db.exec(schema);
      return new SqliteStorage(db);
    } catch (error) {
      db.close();
      throw stateError(path, passphrase, error);
    }
  }

  /** The wrapping key of this state, made at the first call. @throws StorageError */
  async wrappingKey(): Promise<CryptoKey> {
    return await importWrappingKey(this.#doing(() => {
      const stored = this.#db.prepare("SELECT bytes FROM secret").get() as { bytes: Uint8Array } | undefined;
      if (stored) return new Uint8Array(stored.bytes);
      if (this.#db.prepare("SELECT 1 FROM records LIMIT 1").get()) throw new StorageError("the state has lost its key");
      const fresh = crypto.getRandomValues(new Uint8Array(32));
      this.#db.prepare("INSERT INTO secret VALUES (1, ?)").run(fresh.slice());
      return fresh;
    }));
  }

  /** @returns what `markPrinted` was told last of a chat; "" for none */
  printedUpTo(chatId: string): string {
    return this.#doing(() =>
      (this.#db.prepare("SELECT upto FROM printed WHERE chat = ?").get(chatId) as { upto: string } | undefined)?.upto ??
        ""
    );
  }

  /** @param arrival of the newest printed item. It is the item's `order` in versions before */
  markPrinted(chatId: string, arrival: string): void {
    this.#doing(() =>
      this.#db.prepare(
        "INSERT INTO printed VALUES (?, ?) ON CONFLICT (chat) DO UPDATE SET upto = max(upto, excluded.upto)",
      ).run(chatId, arrival)
    );
  }

  get(store: StoreName, key: string): Promise<Bytes | undefined> {
    return this.#later(() => {
      const row = this.#db.prepare("SELECT value FROM records WHERE store = ? AND key = ?").get(store, key) as {
        value: Uint8Array;
      } | undefined;
      return row && new Uint8Array(row.value);
    });
  }

  range(
    store: StoreName,
    prefix: string,
    { after, before, reverse = false, limit }: RangeOptions = {},
  ): Promise<StoredRecord[]> {
    return this.#later(() => {
      // Keys are ASCII, so all keys with the prefix sort before this one.
      const rows = this.#db.prepare(
        `SELECT key, value FROM records WHERE store = @store AND key >= @prefix AND key < @end
           AND (@after IS NULL OR key > @after) AND (@before IS NULL OR key < @before)
         ORDER BY key ${reverse ? "DESC" : "ASC"} LIMIT @limit`,
      ).all({
        store,
        prefix,
        end: `${prefix}\uffff`,
        after: after ?? null,
        before: before ?? null,
        limit: limit ?? -1,
      }) as { key: string; value: Uint8Array }[];
      return rows.map(({ key, value }) => ({ key, value: new Uint8Array(value) }));
    });
  }

  write({ puts = [], deletes = [], guards = [] }: WriteBatch): Promise<void> {
    return this.#later(() =>
      this.#db.transaction(() => {
        for (const { store, key, value } of guards) {
          const found = (this.#db.prepare("SELECT value FROM records WHERE store = ? AND key = ?").get(store, key) as {
            value: Uint8Array;
          } | undefined)?.value;
          if (
            found === undefined || value === undefined ? found !== value : !equalBytes(found, value)
          ) throw new GuardError(`a guard on ${store} did not hold`);
        }
        for (const { store, key } of deletes) {
          this.#db.prepare("DELETE FROM records WHERE store = ? AND key = ?").run(store, key);
        }
        for (const { store, key, value } of puts) {
          this.#db.prepare("INSERT OR REPLACE INTO records VALUES (?, ?, ?)").run(store, key, new Uint8Array(value));
        }
      }).immediate()
    );
  }

  clear(): Promise<void> {
    return this.#later(() => {
      this.#db.transaction(() => this.#db.exec("DELETE FROM records; DELETE FROM printed")).immediate();
    });
  }

  close(): Promise<void> {
    this.#db.close();
    return Promise.resolve();
  }

  /** Like other storages, resolves asynchronously. */
  async #later<T>(operation: () => T): Promise<T> {
    await Promise.resolve();
    return this.#doing(operation);
  }

  #doing<T>(operation: () => T): T {
    try {
      return operation();
    } catch (error) {
      if (error instanceof GuardError || error instanceof StorageError) throw error;
      const isFull = (error as { code?: string }).code === "SQLITE_FULL";
      throw new (isFull ? StorageFullError : StorageError)(
        `the state can not be read or written: ${(error as Error).message}`,
        { cause: error },
      );
    }
  }
}

/**
 * The package checks whether the file's folder exists, which would need the permission to read the whole folder.
 * `prepareFile` has checked the file already, so the package gets the answer (docs/decisions/021-state-file.md). The
 * name is never one with a special meaning for SQLite or the package (":memory:").
 */
function opened(path: string): Sqlite.Database {
  const { existsSync } = fs;
  fs.existsSync = () => true;
  try {
    return new Sqlite(/^(\/|[A-Za-z]:)/.test(path) ? path : `./${path}`, {
      nativeBinding: nativeBinding(),
      timeout: 0,
    });
  } finally {
    fs.existsSync = existsSync;
  }
}

/** @returns whether the file is empty @throws StateError for a file that is no state of this version */
function checkFormat(db: Sqlite.Database, path: string): boolean {
  const isEmpty = (db.prepare("SELECT count(*) AS tables FROM sqlite_schema").get() as { tables: number }).tables === 0;
  if (isEmpty) return true;
  if (db.pragma("application_id", { simple: true }) !== applicationId) {
    throw new StateError(`${path} is a database, but no state of qpq; it was left as it is`, otherPath);
  }
  const version = db.pragma("user_version", { simple: true }) as number;
  if (version > formatVersion) {
    throw new StateError(
      `${path} was made by a newer qpq (format ${version}, this one knows ${formatVersion}); it was left as it is`,
      "update qpq, or give another file with --state",
    );
  }
  return false;
}

/** @returns SQLite's error as a StateError with a hint */
function stateError(path: string, passphrase: string | undefined, error: unknown): StateError {
  if (error instanceof StateError) return error;
  const { code = "", message } = error as { code?: string; message: string };
  if (code === "SQLITE_BUSY") {
    return new StateError(
      `${path} is in use by another qpq`,
      "wait until it has ended (recv --follow holds its state), or give this one a state of its own with --state",
    );
  }
  if (code === "SQLITE_NOTADB") {
    return passphrase === undefined
      ? new StateError(`${path} is damaged or no state of qpq; it was left as it is`, otherPath)
      : new WrongPassphraseError(
        `${path} does not open with this passphrase; it was left as it is`,
        "check the passphrase",
      );
  }
  if (/^SQLITE_(READONLY|CANTOPEN|PERM)/.test(code)) {
    return new StateError(
      `${path} can not be written: ${message}`,
      "its folder has to be writable too: give a file in a folder that you can write with --state",
    );
  }
  if (/^SQLITE_(FULL|IOERR)/.test(code)) {
    return new StateError(
      `${path} can not be written: ${message}`,
      "free space on its disk (or raise the file size limit, ulimit -f), and try again: nothing is lost",
    );
  }
  if (code === "SQLITE_CORRUPT") {
    return new StateError(
      `${path} is damaged`,
      "sign in with another state (--state): the account and its groups are on the server and with their members",
    );
  }
  return new StateError(`${path} can not be opened: ${message}`, otherPath);
}
