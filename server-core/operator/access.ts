/** How a command gets at the data: the directory's lock around a connection to the database. */

import { lockData } from "../storage/sqlite/data_lock.ts";
import type { Database } from "../storage/sqlite/database.ts";
import { openExisting } from "../storage/sqlite/open.ts";
import type { Invocation } from "./command.ts";

/**
 * Runs `work` on the database, beside a server or without one.
 *
 * @param access write: rows will be changed; anySchema: a database that is not migrated yet will do
 * @throws DataInUseError, StorageFormatError
 */
export async function withDatabase<T>(
  { config: { dataDir, dbKey } }: Pick<Invocation, "config">,
  access: { write?: boolean; anySchema?: boolean },
  work: (db: Database) => T | Promise<T>,
): Promise<T> {
  const lock = await lockData(dataDir, "command");
  try {
    const db = openExisting({ dataDir, key: dbKey, ...access });
    try {
      return await work(db);
    } finally {
      db.close();
    }
  } finally {
    lock.release();
  }
}
