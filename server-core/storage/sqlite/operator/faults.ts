/** Looks through a database for damage. */

import { attachmentFaults, type AttachmentRecord } from "../../attachment_faults.ts";
import type { Database } from "../database.ts";
import { type DataDirectory, withDatabase } from "./access.ts";

/** @returns what is wrong with the database and the attachments of a data directory */
export async function findFaults(directory: DataDirectory, hashes: boolean): Promise<string[]> {
  const { dataDir, nowMs } = directory;
  try {
    return await withDatabase(directory, { anySchema: true }, (db) => [
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
    // So damaged that it can not even be opened, or that a table can not be read.
    if (!(error as { code?: string }).code?.startsWith("SQLITE_")) throw error;
    return [(error as Error).message];
  }
}

/** @returns what is wrong with a database, in SQLite's words; empty when nothing is */
export function faultsOf(db: Database): string[] {
  try {
    const integrity = db.all<{ integrity_check: string }>("PRAGMA integrity_check").map((row) => row.integrity_check)
      .filter((text) => text !== "ok");
    const references = db.all<{ table: string; parent: string }>("PRAGMA foreign_key_check").map(({ table, parent }) =>
      `a row of ${table} refers to no row of ${parent}`
    );
    return [...integrity, ...references];
  } catch (error) {
    // A page that is no page of this database, or that does not authenticate.
    return [(error as Error).message];
  }
}
