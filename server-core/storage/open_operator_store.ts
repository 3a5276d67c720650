/**
 * Opens the store that the configuration names for an operator's command. It loads the database library into
 * the calling thread, unlike open_store.ts.
 */

import type { ServerConfig } from "../config.ts";
import type { OperatorStore } from "./operator_store.ts";
import { sqliteOperatorStore } from "./sqlite/operator/operator_store.ts";

/**
 * At present every configuration names SQLite in `dataDir`.
 *
 * @param now the clock of all operations, ms since the Unix epoch
 */
export function openOperatorStore(
  config: Pick<ServerConfig, "dataDir" | "dbKey">,
  now: () => number,
): OperatorStore {
  return sqliteOperatorStore({ dataDir: config.dataDir, key: config.dbKey, now });
}
