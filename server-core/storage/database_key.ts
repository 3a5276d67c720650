/** The key of the database, where the bytes that it was read from are not UTF-8. */

import { ConfigError, notUtf8 } from "../../server-common/config.ts";
import type { ServerConfig } from "../config.ts";
import { exists } from "./files.ts";
import { databasePath } from "./sqlite/database_files.ts";
import { replacementWaits } from "./sqlite/replace_data.ts";

/**
 * A database that exists opens under the key as earlier versions read it, so that nobody is locked out. No new database
 * is made under such a key: every byte that is not UTF-8 becomes the same character, so it is weaker than it looks.
 *
 * @returns a warning for the operator; undefined where the key is in order
 * @throws ConfigError where the database does not exist yet
 */
export function warningOfKey(config: Pick<ServerConfig, "dataDir" | "damagedKey">): string | undefined {
  const { damagedKey } = config;
  if (damagedKey === undefined) return undefined;
  const isThere = exists(databasePath(config.dataDir)) || replacementWaits(config.dataDir);
  if (!isThere) throw new ConfigError(damagedKey, notUtf8);
  return `${damagedKey}: the key is not UTF-8 and weaker than its length. The database is opened with it as before. ` +
    "Choose a new key: qpq-server rekey --new-key-file FILE";
}
