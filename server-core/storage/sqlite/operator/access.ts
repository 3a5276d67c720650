/** Gives an operation access to the data: the directory's lock around a connection to the database. */

import type { Database } from "../database.ts";
import { lockData } from "../data_lock.ts";
import { trustedTime } from "../clock.ts";
import { openExisting } from "../open.ts";

/** A data directory, with its key and the machine's clock. */
export interface DataDirectory {
  dataDir: string;
  /** SQLCipher passphrase; absent: not encrypted. */
  key?: string;
  /** The machine's clock, ms since the Unix epoch. What is judged is judged by the trusted time. */
  machineMs: number;
}

/**
 * Runs `work` on the database, beside a server or without one.
 *
 * @param access write: rows will be changed; anySchema: a database that is not migrated yet will do
 * @param work is given the trusted time, ms since the Unix epoch
 * @throws DataInUseError, StorageFormatError
 */
export async function withDatabase<T>(
  { dataDir, key, machineMs }: DataDirectory,
  access: { write?: boolean; anySchema?: boolean },
  work: (db: Database, nowMs: number) => T | Promise<T>,
): Promise<T> {
  const lock = await lockData(dataDir, "command");
  try {
    const db = openExisting({ dataDir, key, ...access });
    try {
      return await work(db, trustedTime(db, machineMs).trustedMs);
    } finally {
      db.close();
    }
  } finally {
    lock.release();
  }
}

/** Runs `work` as one transaction: all or nothing, whenever the process ends. */
export function inTransaction<T>(db: Database, work: () => T): T {
  db.exec("BEGIN IMMEDIATE");
  const result = work();
  db.exec("COMMIT");
  return result;
}
