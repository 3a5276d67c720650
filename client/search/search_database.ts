/** The database that the index is in: SQLite with FTS5, encrypted. Each host has its own build of it. */

import type { Bytes } from "../../schema/bytes.ts";

export type SqlValue = string | number | null;

/** One open database. Its calls run at once: the index lives in the engine's Worker or process. */
export interface SearchDatabase {
  /** Runs one or more statements; values for one statement only. @throws Error as the host's SQLite gives it */
  run(sql: string, values?: SqlValue[]): void;
  /** @returns the rows of one statement */
  rows(sql: string, values?: SqlValue[]): SqlValue[][];
  close(): void | Promise<void>;
}

/** Where a host keeps the databases of its profile. One engine at a time uses it. */
export interface SearchDatabases {
  /** False where databases are in memory: then the profile keeps nothing of the index either. */
  readonly isLasting: boolean;
  /**
   * Opens the database, or makes it. All others are deleted: their keys are gone.
   *
   * @param name 32 hex digits
   * @param key 32 bytes; the file is of no use without it
   * @throws Error when it does not open, or is not one of this key
   */
  open(name: string, key: Bytes): Promise<SearchDatabase>;
  /** Deletes all databases; none is open. @throws Error */
  clear(): Promise<void>;
}

/** Thrown when the database can not be opened, read or written. It is deleted and built again then. */
export class SearchDatabaseError extends Error {
  override readonly name: string = "SearchDatabaseError";

  /** @param isBusy another tab has it: it stays as it is */
  constructor(message: string, readonly isBusy = false) {
    super(message);
  }
}

/** Opens a database whose errors are all {@link SearchDatabaseError}. */
export async function opened(databases: SearchDatabases, name: string, key: Bytes): Promise<SearchDatabase> {
  try {
    const db = await databases.open(name, key);
    return {
      run: (sql, values) => checked(() => db.run(sql, values)),
      rows: (sql, values) => checked(() => db.rows(sql, values)),
      close: () => db.close(),
    };
  } catch (error) {
    throw ofDatabase(error);
  }
}

function checked<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw ofDatabase(error);
  }
}

function ofDatabase(error: unknown): SearchDatabaseError {
  return error instanceof SearchDatabaseError ? error : new SearchDatabaseError((error as Error)?.message ?? "");
}
