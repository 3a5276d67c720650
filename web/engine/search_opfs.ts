/**
 * The databases of the search in the browser: SQLite with SQLite3 Multiple Ciphers, in the origin's private file
 * system (OPFS). Every page of the file is sealed with ChaCha20-Poly1305. Loaded with the first search alone.
 *
 * A browser without OPFS (a private window of Firefox) gets a database in memory.
 */

import init, { type Database, type PreparedStatement, type SAHPoolUtil, type Sqlite3Static } from "@evolu/sqlite-wasm";
import { type Bytes, toHex } from "../../schema/bytes.ts";
import { pause, systemClock } from "../../client/runtime/clock.ts";
import {
  type SearchDatabase,
  SearchDatabaseError,
  type SearchDatabases,
  type SqlValue,
} from "../../client/search/search_database.ts";

/** The folder in OPFS, and the name of the file system in SQLite. */
export const searchFolder = "qpq-search";
/** How long an engine that closes in another tab is waited for, in ms, and how often it is looked. */
const patienceMs = 6000;
const lookMs = 300;

/** What the package's types do not name. */
interface Sqlite extends Omit<Sqlite3Static, "capi" | "installOpfsSAHPoolVfs"> {
  capi: Sqlite3Static["capi"] & {
    /** Makes a file system that encrypts what it hands on to another one. */
    sqlite3mc_vfs_create(inner: string, makeDefault: number): number;
    sqlite3mc_vfs_destroy(name: string): void;
  };
  installOpfsSAHPoolVfs(options: Record<string, unknown>): Promise<SAHPoolUtil>;
}

let loaded: Promise<Sqlite> | undefined;

/** The module is loaded once; a load that failed is tried again. */
function sqlite(): Promise<Sqlite> {
  // Its messages are about file systems that are not used here. Errors are thrown, too.
  const silent = () => {};
  Object.assign(globalThis, { sqlite3ApiConfig: { debug: silent, log: silent, warn: silent, error: silent } });
  return loaded ??= (init as unknown as () => Promise<Sqlite>)().catch((error) => {
    loaded = undefined;
    throw error;
  });
}

/** @returns the databases of this browser's profile */
export async function searchDatabases(): Promise<SearchDatabases> {
  return await hasPrivateFiles() ? new OpfsDatabases() : inMemory;
}

async function hasPrivateFiles(): Promise<boolean> {
  try {
    await navigator.storage.getDirectory();
    return "createSyncAccessHandle" in FileSystemFileHandle.prototype;
  } catch {
    return false;
  }
}

const inMemory: SearchDatabases = {
  isLasting: false,
  async open() {
    const { oo1 } = await sqlite();
    return wrapped(new oo1.DB(":memory:"), () => {});
  },
  clear: () => Promise.resolve(),
};

class OpfsDatabases implements SearchDatabases {
  readonly isLasting = true;

  async open(name: string, key: Bytes): Promise<SearchDatabase> {
    const sqlite3 = await sqlite();
    const pool = await openPool(sqlite3);
    const vfs = `multipleciphers-${searchFolder}`;
    const leave = () => {
      sqlite3.capi.sqlite3mc_vfs_destroy(vfs);
      pool.pauseVfs();
    };
    try {
      for (const file of pool.getFileNames()) if (!file.startsWith(`/${name}`)) pool.unlink(file);
      if (sqlite3.capi.sqlite3mc_vfs_create(searchFolder, 0) !== sqlite3.capi.SQLITE_OK) {
        throw new SearchDatabaseError("the encrypting file system does not start");
      }
      const db = new sqlite3.oo1.DB({ filename: `file:/${name}?vfs=${vfs}`, flags: "c" });
      try {
        db.exec(`PRAGMA cipher = 'chacha20'; PRAGMA key = 'raw:${toHex(key)}'`);
        // The first access shows whether the key is the file's.
        db.exec("SELECT count(*) FROM sqlite_schema");
      } catch (error) {
        db.close();
        throw error;
      }
      return wrapped(db, leave);
    } catch (error) {
      leave();
      throw error;
    }
  }

  async clear(): Promise<void> {
    const root = await navigator.storage.getDirectory();
    if (loaded) {
      const pool = await openPool(await loaded);
      await pool.removeVfs();
      return;
    }
    await root.removeEntry(searchFolder, { recursive: true }).catch((error) => {
      if ((error as DOMException).name !== "NotFoundError") throw error;
    });
  }
}

/** One tab at a time has the files. The one before may need a moment to close. */
async function openPool(sqlite3: Sqlite): Promise<SAHPoolUtil> {
  for (let leftMs = patienceMs;; leftMs -= lookMs) {
    try {
      const pool = await sqlite3.installOpfsSAHPoolVfs({
        name: searchFolder,
        directory: searchFolder,
        initialCapacity: 4,
        verbosity: 0,
        forceReinitIfPreviouslyFailed: true,
      });
      return await pool.unpauseVfs();
    } catch (error) {
      const isBusy = (error as DOMException).name === "NoModificationAllowedError";
      if (!isBusy || leftMs <= 0) throw new SearchDatabaseError((error as Error).message, isBusy);
      await pause(systemClock, lookMs, new AbortController().signal);
    }
  }
}

function wrapped(db: Database, leave: () => void): SearchDatabase {
  // To prepare a statement takes longer than to run it.
  const statements = new Map<string, PreparedStatement>();
  const prepared = (sql: string, values: SqlValue[]): PreparedStatement => {
    const statement = statements.get(sql) ?? db.prepare(sql);
    statements.set(sql, statement);
    return values.length > 0 ? statement.bind(values) : statement;
  };
  return {
    run(sql, values) {
      if (!values) return void db.exec(sql);
      const statement = prepared(sql, values);
      try {
        statement.step();
      } finally {
        statement.reset();
      }
    },
    rows(sql, values = []) {
      const statement = prepared(sql, values);
      const found: SqlValue[][] = [];
      try {
        while (statement.step()) found.push(statement.get([]) as SqlValue[]);
      } finally {
        statement.reset();
      }
      return found;
    },
    close() {
      for (const statement of statements.values()) statement.finalize();
      db.close();
      leave();
    },
  };
}
