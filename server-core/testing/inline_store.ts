/**
 * The SQLite store without its thread, for tests. Starting a thread for each test would cost half a second.
 * It skips the fsync, because these tests are not about power cuts.
 */

import { DatabaseHost, type FromHost, type ToHost } from "../storage/sqlite/database_host.ts";
import { openDatabase } from "../storage/sqlite/open.ts";
import { openSqliteStore } from "../storage/sqlite/sqlite_store.ts";
import type { HostLink } from "../storage/sqlite/storage_thread.ts";
import type { Store, StoreOptions } from "../storage/store.ts";

/** The side that owns the database, in the calling thread. */
export class InlineHost implements HostLink {
  readonly #host = new DatabaseHost((options) => {
    const db = openDatabase(options);
    db.pragma("synchronous=OFF");
    return db;
  });

  async tell(message: ToHost): Promise<FromHost> {
    // Threads exchange clones of messages.
    const copy = structuredClone(message);
    await Promise.resolve();
    return structuredClone(this.#host.answer(copy));
  }

  end(): void {}
}

/** @param now the clock of all operations, ms since the Unix epoch */
export function openInlineStore(
  dataDir: string,
  now: () => number,
  told: Pick<StoreOptions, "onQueueFailed"> = {},
): Promise<Store> {
  return openSqliteStore({ dataDir, now, ...told }, () => new InlineHost());
}
