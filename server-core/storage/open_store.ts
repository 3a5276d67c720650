/** Opens the store that the configuration names. The rest of the core does not depend on the engine. */

import type { ServerConfig } from "../config.ts";
import { openServedStore } from "./sqlite/served_store.ts";
import type { Store, StoreOptions } from "./store.ts";

/**
 * At present every configuration names SQLite in `dataDir`.
 *
 * @returns the store, which belongs to this process until it is closed
 * @throws DataInUseError when another server or a command holds the data, StorageFormatError when the data is
 *   of another format or under another key, StorageError when it can not be opened
 */
export function openStore(config: Pick<ServerConfig, "dataDir" | "dbKey">, options: StoreOptions): Promise<Store> {
  return openServedStore({ dataDir: config.dataDir, key: config.dbKey, ...options });
}
