/** New accounts, and the invite codes that some of them need. */

import { ErrorCode, WireError } from "../../../../schema/rpc/errors.ts";
import type { AccountStore } from "../../account_store.ts";
import type { Database } from "../database.ts";
import type { Operations } from "../operation.ts";
import { insertSession } from "./sessions.ts";

export const registrationOperations: Operations<Pick<AccountStore, "register" | "addInvite">> = {
  register(db, { username, accountKey, opaqueRecord, devices, vault, device, session, inviteSha256 }, { nowMs }) {
    if (db.get("SELECT 1 FROM accounts WHERE username = ?", username)) {
      throw new WireError(ErrorCode.usernameInvalidOrTaken, "the username is taken");
    }
    if (db.get("SELECT 1 FROM accounts WHERE account_key = ?", accountKey)) {
      throw new WireError(ErrorCode.keyDoesNotMatchDevice, "the account key is in use");
    }
    if (db.get("SELECT 1 FROM devices WHERE device_id = ?", device.deviceId)) {
      throw new WireError(ErrorCode.keyDoesNotMatchDevice, "the device key is in use");
    }
    db.run(
      `INSERT INTO accounts (account_key, username, opaque_record, list_version, list, list_signature,
       vault_version, vault_sealed, wrapped_by_password, wrapped_by_recovery, recovery_key, created_ms)
       VALUES (?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?)`,
      accountKey,
      username,
      opaqueRecord,
      devices.list,
      devices.signature,
      vault.version,
      vault.sealed,
      vault.wrappedByPassword,
      vault.wrappedByRecovery,
      vault.recoveryKey,
      nowMs,
    );
    if (inviteSha256) spendInvite(db, inviteSha256, accountKey, nowMs);
    db.run(
      "INSERT INTO devices (device_id, recipient_key, account_key, enrolled, created_ms) VALUES (?, ?, ?, 1, ?)",
      device.deviceId,
      device.recipientKey,
      accountKey,
      nowMs,
    );
    insertSession(db, device.deviceId, session, nowMs);
  },

  addInvite(db, { codeSha256, expiresMs }) {
    db.run("INSERT INTO invites (code_sha256, expires_ms) VALUES (?, ?) ON CONFLICT DO NOTHING", codeSha256, expiresMs);
  },
};

function spendInvite(db: Database, codeSha256: Uint8Array, accountKey: Uint8Array, nowMs: number): void {
  const { changes } = db.run(
    "UPDATE invites SET used_by = ? WHERE code_sha256 = ? AND used_by IS NULL AND expires_ms > ?",
    accountKey,
    codeSha256,
    nowMs,
  );
  if (changes === 0) throw new WireError(ErrorCode.registrationClosed, "registration needs a valid invite code");
}
