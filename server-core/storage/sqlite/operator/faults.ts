/** Searches a database for damage. */

import { attachmentFaults, type AttachmentRecord } from "../../attachment_faults.ts";
import type { Database } from "../database.ts";
import { type DataDirectory, withDatabase } from "./access.ts";

/** @returns the faults of the database and the attachments of a data directory */
export async function findFaults(directory: DataDirectory, hashes: boolean): Promise<string[]> {
  const { dataDir } = directory;
  try {
    return await withDatabase(directory, { anySchema: true }, (db, nowMs) => [
      ...faultsOf(db),
      ...attachmentFaults(
        db.all<AttachmentRecord & { sha256: Uint8Array<ArrayBuffer> }>(
          "SELECT sha256, max(length) AS length FROM blobs WHERE expires_ms > ? GROUP BY sha256",
          nowMs,
        ),
        `${dataDir}/blobs`,
        hashes,
      ),
    ]);
  } catch (error) {
    // The damage is so great that the database can not be opened, or a table not read.
    if (!(error as { code?: string }).code?.startsWith("SQLITE_")) throw error;
    return [(error as Error).message];
  }
}

/** @returns the faults of a database, in SQLite's words; empty when there are none */
export function faultsOf(db: Database): string[] {
  try {
    const integrity = db.all<{ integrity_check: string }>("PRAGMA integrity_check").map((row) => row.integrity_check)
      .filter((text) => text !== "ok");
    const references = db.all<{ table: string; parent: string }>("PRAGMA foreign_key_check").map(({ table, parent }) =>
      `a row of ${table} refers to no row of ${parent}`
    );
    return [...integrity, ...references];
  } catch (error) {
    // A page that does not belong to this database, or that does not authenticate.
    return [(error as Error).message];
  }
}
