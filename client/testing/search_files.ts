/** Databases of the search index in encrypted files, for tests: as the browser's, with Deno's build of SQLite. */

import Sqlite from "better-sqlite3-multiple-ciphers";
import { SqliteSearchDatabase } from "../../cli/storage/search_memory.ts";
import { type Bytes, toHex } from "../../schema/bytes.ts";
import type { SearchDatabase, SearchDatabases } from "../search/search_database.ts";

/** A folder of databases. */
export class SearchFiles implements SearchDatabases {
  readonly isLasting = true;
  readonly folder = Deno.makeTempDirSync({ prefix: "qpq-search-" });
  /** How many databases were opened. */
  opened = 0;

  open(name: string, key: Bytes): Promise<SearchDatabase> {
    this.opened++;
    for (const other of this.files().filter((file) => !file.startsWith(name))) {
      Deno.removeSync(`${this.folder}/${other}`);
    }
    const db = new Sqlite(`${this.folder}/${name}`);
    db.pragma("cipher='chacha20'");
    db.pragma(`key='raw:${toHex(key)}'`);
    return Promise.resolve(new SqliteSearchDatabase(db));
  }

  clear(): Promise<void> {
    for (const file of this.files()) Deno.removeSync(`${this.folder}/${file}`);
    return Promise.resolve();
  }

  /** Without their journals. */
  databases(): string[] {
    return this.files().filter((name) => !name.endsWith("-journal"));
  }

  files(): string[] {
    return [...Deno.readDirSync(this.folder)].map(({ name }) => name).sort();
  }

  /** @returns what lies on the disk, as text of one character for each byte */
  content(): string {
    return this.files().map((file) => new TextDecoder("latin1").decode(Deno.readFileSync(`${this.folder}/${file}`)))
      .join("");
  }

  /** Deletes the folder. */
  [Symbol.dispose](): void {
    Deno.removeSync(this.folder, { recursive: true });
  }
}
