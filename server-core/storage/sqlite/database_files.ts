/** The names of the database's files in the data directory. */

import { fileBytes } from "../files.ts";

/** @returns the path of the database */
export function databasePath(dataDir: string): string {
  return `${dataDir}/qpq.db`;
}

/** @returns the size of the database with its write-ahead log, bytes */
export function databaseBytes(dataDir: string): number {
  const path = databasePath(dataDir);
  // There is no write-ahead log right after a checkpoint.
  return (fileBytes(path) ?? 0) + (fileBytes(`${path}-wal`) ?? 0);
}
