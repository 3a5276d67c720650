/** What the devices of an account share beside the vault, and reports to the operator. */

import { ErrorCode, WireError } from "../../../../schema/rpc/errors.ts";
import type { PeopleStore, StoredSettings } from "../../people_store.ts";
import type { Database } from "../database.ts";
import type { Operations } from "../operation.ts";
import type { Bytes } from "../../../../schema/bytes.ts";

/** Reports of an account in 24 h. */
const maxReportsPerDay = 10;
const dayMs = 24 * 3_600_000;
/** How long reports are kept. */
export const reportsKeptMs = 90 * dayMs;

export const settingsOperations: Operations<Pick<PeopleStore, "settings" | "putSettings" | "addReport">> = {
  settings(db, { accountKey }) {
    const stored = db.get<Omit<StoredSettings, "invitedOnly"> & { invitedOnly: number }>(
      `SELECT version, sealed, invited_only AS invitedOnly FROM account_settings WHERE account_key = ?`,
      accountKey,
    );
    if (!stored) return { version: 0, sealed: new Uint8Array(), invitedOnly: false };
    return { ...stored, invitedOnly: stored.invitedOnly === 1 };
  },

  putSettings(db, { accountKey, expectedVersion, sealed, invitedOnly }) {
    const stored = db.get<{ version: number }>(
      "SELECT version FROM account_settings WHERE account_key = ?",
      accountKey,
    );
    if ((stored?.version ?? 0) !== expectedVersion) {
      throw new WireError(ErrorCode.epochConflict, "the settings have another version");
    }
    db.run(
      `INSERT INTO account_settings (account_key, version, sealed, invited_only) VALUES (?, ?, ?, ?)
       ON CONFLICT (account_key) DO UPDATE
       SET version = excluded.version, sealed = excluded.sealed, invited_only = excluded.invited_only`,
      accountKey,
      expectedVersion + 1,
      sealed,
      invitedOnly ? 1 : 0,
    );
  },

  addReport(db, { reporterKey, accountKey, text }, { nowMs }) {
    if (!db.get("SELECT 1 FROM accounts WHERE account_key = ?", accountKey)) {
      throw new WireError(ErrorCode.unknownRecipient, "there is no such account");
    }
    const recent = db.all<{ receivedMs: number }>(
      `SELECT received_ms AS receivedMs FROM reports WHERE reporter_key = ? AND received_ms > ? ORDER BY received_ms`,
      reporterKey,
      nowMs - dayMs,
    );
    if (recent.length >= maxReportsPerDay) {
      const waitMs = Math.max(1, recent[recent.length - maxReportsPerDay].receivedMs + dayMs - nowMs);
      throw new WireError(ErrorCode.rateLimited, "too many reports today", waitMs);
    }
    db.run(
      "INSERT INTO reports (reporter_key, account_key, text, received_ms) VALUES (?, ?, ?, ?)",
      reporterKey,
      accountKey,
      text,
      nowMs,
    );
  },
};

/** @returns whether the account lets others have its KeyPackages by a link's token alone */
export function isInvitedOnly(db: Database, accountKey: Bytes): boolean {
  return db.get("SELECT 1 FROM account_settings WHERE account_key = ? AND invited_only = 1", accountKey) !== undefined;
}
