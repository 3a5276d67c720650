/** The list of invite codes, and the withdrawal of one. */

import type { InviteSummary } from "../../operator_store.ts";
import type { Database } from "../database.ts";

/** @returns all invites, the first to expire first */
export function allInvites(db: Database): InviteSummary[] {
  return db.all<InviteSummary>(
    `SELECT code_sha256 AS codeSha256, expires_ms AS expiresMs, username AS usedBy
     FROM invites LEFT JOIN accounts ON account_key = used_by ORDER BY expires_ms, code_sha256`,
  );
}

/** @returns whether there was an unused invite whose hash begins with these bytes */
export function withdrawInvite(db: Database, idPrefix: Uint8Array): boolean {
  return db.run(
    "DELETE FROM invites WHERE substr(code_sha256, 1, ?) = ? AND used_by IS NULL",
    idPrefix.length,
    idPrefix,
  ).changes > 0;
}
