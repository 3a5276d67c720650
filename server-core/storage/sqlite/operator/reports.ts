/** The reports that users have left for the operator, and their removal. */

import type { ReportSummary } from "../../operator_store.ts";
import type { Database } from "../database.ts";

/** The most reports that are read at once, the newest: 64 MiB of text. */
const mostReports = 1000;

/** @returns the newest reports, the newest first */
export function allReports(db: Database): ReportSummary[] {
  return db.all<ReportSummary>(
    `SELECT id, received_ms AS receivedMs, r.account_key AS accountKey, a.username AS about,
       b.username AS reporter, text
     FROM reports r JOIN accounts a ON a.account_key = r.account_key JOIN accounts b ON b.account_key = reporter_key
     ORDER BY id DESC LIMIT ?`,
    mostReports,
  );
}

/** @returns whether there was such a report */
export function removeReport(db: Database, id: number): boolean {
  return db.run("DELETE FROM reports WHERE id = ?", id).changes > 0;
}
