/**
 * The search index of `qpq`: SQLite in memory, made by the command that needs it and gone with it. A file would be one
 * more thing to protect, and a command that runs for a second has no time to follow it.
 */

import Sqlite from "better-sqlite3-multiple-ciphers";
import type { SearchDatabase, SearchDatabases, SqlValue } from "../../client/search/search_database.ts";
import { nativeBinding } from "./sqlite_storage.ts";

/** {@link SearchDatabase} on a database of the package. */
export class SqliteSearchDatabase implements SearchDatabase {
  readonly #db: Sqlite.Database;
  /** To prepare a statement takes longer than to run it. */
  readonly #statements = new Map<string, Sqlite.Statement>();

  constructor(db: Sqlite.Database) {
    this.#db = db;
  }

  run(sql: string, values?: SqlValue[]): void {
    if (values) this.#prepared(sql).run(...values);
    else this.#db.exec(sql);
  }

  rows(sql: string, values: SqlValue[] = []): SqlValue[][] {
    return this.#prepared(sql).raw().all(...values) as SqlValue[][];
  }

  #prepared(sql: string): Sqlite.Statement {
    const statement = this.#statements.get(sql) ?? this.#db.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  close(): void {
    this.#db.close();
  }
}

/** Databases in memory. */
export const searchInMemory: SearchDatabases = {
  isLasting: false,
  open: () => Promise.resolve(new SqliteSearchDatabase(new Sqlite(":memory:", { nativeBinding: nativeBinding() }))),
  clear: () => Promise.resolve(),
};
