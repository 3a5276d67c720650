/** A connection to SQLite that caches prepared statements and returns byte strings as plain Uint8Arrays. */

import Sqlite from "better-sqlite3-multiple-ciphers";

export type SqlValue = null | number | string | Uint8Array;

/** A row of any shape. Callers give the real shape as type argument. */
export type SqlRow = Record<string, SqlValue>;

/**
 * The path is passed explicitly, because the package's own search asks for the operating system's report,
 * which would need another permission.
 */
function nativeBinding(): string {
  const platform = { linux: "linux", darwin: "darwin", windows: "win32" }[Deno.build.os as string];
  const architecture = Deno.build.arch === "x86_64" ? "x64" : "arm64";
  if (!platform) throw new Error(`no SQLite binary for ${Deno.build.os}`);
  return decodeURIComponent(
    new URL(
      `./prebuilds/${platform}-${architecture}.node`,
      import.meta.resolve("better-sqlite3-multiple-ciphers/package.json"),
    ).pathname,
  )
    .replace(/^\/([A-Za-z]:)/, "$1");
}

export interface DatabaseOptions {
  /** SQLCipher passphrase; absent: not encrypted. */
  key?: string;
  readonly?: boolean;
  fileMustExist?: boolean;
}

/** One connection. It is synchronous: the server uses it in the storage thread alone. */
export class Database {
  readonly #sqlite: Sqlite.Database;
  readonly #statements = new Map<string, Sqlite.Statement>();
  /** Entries that no queue took since this was last asked for. */
  #lostEntries = 0;

  /** @param path file name, or ":memory:" */
  constructor(path: string, { key, readonly = false, fileMustExist = false }: DatabaseOptions = {}) {
    this.#sqlite = new Sqlite(path, { nativeBinding: nativeBinding(), readonly, fileMustExist });
    if (key !== undefined) {
      this.#sqlite.pragma("cipher='sqlcipher'");
      this.#sqlite.pragma(`key=${quoted(key)}`);
    }
  }

  /** Writes every page under another key; not in WAL mode. @param key absent: not encrypted any more */
  rekey(key: string | undefined): void {
    this.#sqlite.pragma("cipher='sqlcipher'");
    this.#sqlite.pragma(`rekey=${quoted(key ?? "")}`);
  }

  /** @returns the first row, or undefined */
  get<Row = SqlRow>(sql: string, ...params: SqlValue[]): Row | undefined {
    const row = this.#prepare(sql).get(...params);
    return row === undefined ? undefined : plainRow(row) as Row;
  }

  /** @returns all rows; put a LIMIT into the statement */
  all<Row = SqlRow>(sql: string, ...params: SqlValue[]): Row[] {
    return this.#prepare(sql).all(...params).map((row) => plainRow(row) as Row);
  }

  /** @returns how many rows were inserted, changed or deleted, and the rowid of the last insert */
  run(sql: string, ...params: SqlValue[]): { changes: number; lastInsertRowid: number } {
    const { changes, lastInsertRowid } = this.#prepare(sql).run(...params);
    return { changes, lastInsertRowid: Number(lastInsertRowid) };
  }

  /** Runs statements without parameters that are not worth keeping prepared. */
  exec(sql: string): void {
    this.#sqlite.exec(sql);
  }

  /** @returns the pragma's single value */
  pragma(source: string): unknown {
    return this.#sqlite.pragma(source, { simple: true });
  }

  /** An entry is left out because its queue has failed. What is undone afterwards is counted all the same. */
  countLostEntry(): void {
    this.#lostEntries++;
  }

  /** @returns how many were counted since the last time */
  takeLostEntries(): number {
    const lost = this.#lostEntries;
    this.#lostEntries = 0;
    return lost;
  }

  get inTransaction(): boolean {
    return this.#sqlite.inTransaction;
  }

  close(): void {
    this.#statements.clear();
    this.#sqlite.close();
  }

  #prepare(sql: string): Sqlite.Statement {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#sqlite.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function plainRow(row: unknown): unknown {
  const record = row as Record<string, unknown>;
  for (const name in record) {
    const value = record[name];
    // Copied, because otherwise Node's whole buffer pool would be cloned into another thread.
    if (value instanceof Uint8Array) {
      record[name] = value.byteLength === value.buffer.byteLength
        ? new Uint8Array(value.buffer)
        : Uint8Array.from(value);
    }
  }
  return record;
}
