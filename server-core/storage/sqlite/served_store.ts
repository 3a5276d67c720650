/** The SQLite store of a running server. It holds the data directory's lock while it is open. */

import type { Store } from "../store.ts";
import { lockData } from "./data_lock.ts";
import { finishReplacing } from "./replace_data.ts";
import { openSqliteStore, type SqliteStoreOptions } from "./sqlite_store.ts";

/**
 * Locks the directory, completes an interrupted `restore`, and opens the database.
 *
 * @param startHost as for `openSqliteStore`
 * @throws DataInUseError, StorageFormatError, StorageError
 */
export async function openServedStore(
  options: SqliteStoreOptions,
  startHost?: Parameters<typeof openSqliteStore>[1],
): Promise<Store> {
  const lock = await lockData(options.dataDir, "server");
  try {
    finishReplacing(options.dataDir);
    const store = await openSqliteStore(options, startHost);
    return {
      accounts: store.accounts,
      delivery: store.delivery,
      clock: store.clock,
      get waiting() {
        return store.waiting;
      },
      storedBytes: () => store.storedBytes(),
      close: () => store.close().finally(() => lock.release()),
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}
