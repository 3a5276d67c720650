/**
 * Changes of an account's state: the operator disables, enables and deletes, its user deletes. Each runs in the
 * caller's transaction.
 */

import type { Bytes } from "../../../../schema/bytes.ts";
import { ErrorCode, WireError } from "../../../../schema/rpc/errors.ts";
import type { AccountStore } from "../../account_store.ts";
import type { Database } from "../database.ts";
import { dropDevice } from "../delivery/drop_device.ts";
import type { Operations } from "../operation.ts";
import { isFresh } from "./vault.ts";

/** @param accountKey 32 bytes, of an existing account that is not deleted */
export type AccountAction = (db: Database, accountKey: Uint8Array, nowMs: number) => { endedSessions: number };

/** Ends every session, and refuses new ones and recoveries. Everything else stays as it is. */
export const disableAccount: AccountAction = (db, accountKey) => {
  db.run("UPDATE accounts SET state = 'disabled' WHERE account_key = ?", accountKey);
  return { endedSessions: endSessions(db, accountKey) };
};

/** Lets the account sign in again. Its waiting messages were kept. */
export const enableAccount: AccountAction = (db, accountKey) => {
  db.run("UPDATE accounts SET state = 'active' WHERE account_key = ?", accountKey);
  return { endedSessions: 0 };
};

/**
 * Removes all of the account's own data. Its row stays, with name, account key and device list (migration
 * 0005). Its devices stay as revoked ones: their keys are in groups until a member removes them, so no other
 * account may use them. Its attachments expire at once. The server deletes files and records together at its
 * next purge, because only the server knows which files are being stored.
 */
export const deleteAccount: AccountAction = (db, accountKey, nowMs) => {
  const endedSessions = endSessions(db, accountKey);
  for (
    const { recipientKey } of db.all<{ recipientKey: Uint8Array }>(
      "SELECT recipient_key AS recipientKey FROM devices WHERE account_key = ?",
      accountKey,
    )
  ) dropDevice(db, recipientKey);
  db.run(
    "DELETE FROM key_packages WHERE device_id IN (SELECT device_id FROM devices WHERE account_key = ?)",
    accountKey,
  );
  db.run("UPDATE devices SET enrolled = 0 WHERE account_key = ?", accountKey);
  db.run(
    `INSERT INTO revoked_devices (account_key, device_id)
     SELECT account_key, device_id FROM devices WHERE account_key = ? ON CONFLICT DO NOTHING`,
    accountKey,
  );
  db.run("DELETE FROM account_settings WHERE account_key = ?", accountKey);
  db.run("DELETE FROM links WHERE account_key = ?", accountKey);
  db.run("DELETE FROM join_requests WHERE account_key = ?", accountKey);
  db.run("UPDATE blobs SET expires_ms = min(expires_ms, ?) WHERE account_key = ?", nowMs, accountKey);
  const nothing = new Uint8Array();
  db.run(
    `UPDATE accounts
     SET state = 'deleted', opaque_record = ?, vault_version = vault_version + 1, vault_sealed = ?,
         wrapped_by_password = ?, wrapped_by_recovery = ?, recovery_key = ?
     WHERE account_key = ?`,
    nothing,
    nothing,
    nothing,
    nothing,
    nothing,
    accountKey,
  );
  return { endedSessions };
};

/** What the account service does to the state of an account; the operator has more (operator/accounts.ts). */
export const accountStateOperations: Operations<Pick<AccountStore, "deleteAccount" | "isOfDeletedAccount">> = {
  deleteAccount(db, { accountKey, sessionId, freshSinceMs, next }, { nowMs }) {
    if (!isFresh(db, sessionId, freshSinceMs)) {
      throw new WireError(ErrorCode.forbidden, "the password was not given just before");
    }
    if (next) {
      const { changes } = db.run(
        `UPDATE accounts SET list_version = list_version + 1, list = ?, list_signature = ?
         WHERE account_key = ? AND list_version = ?`,
        next.devices.list,
        next.devices.signature,
        accountKey,
        next.expectedVersion,
      );
      if (changes === 0) throw new WireError(ErrorCode.epochConflict, "the device list has another version");
    }
    const ended = db.all<{ sessionId: Bytes }>(
      `SELECT session_id AS sessionId FROM sessions JOIN devices USING (device_id) WHERE account_key = ?`,
      accountKey,
    );
    deleteAccount(db, accountKey, nowMs);
    return { endedSessionIds: ended.map(({ sessionId }) => sessionId) };
  },

  isOfDeletedAccount(db, { deviceId }) {
    return db.get(
      "SELECT 1 FROM devices JOIN accounts USING (account_key) WHERE device_id = ? AND state = 'deleted'",
      deviceId,
    ) !== undefined;
  },
};

function endSessions(db: Database, accountKey: Uint8Array): number {
  return db.run(
    "DELETE FROM sessions WHERE device_id IN (SELECT device_id FROM devices WHERE account_key = ?)",
    accountKey,
  ).changes;
}
