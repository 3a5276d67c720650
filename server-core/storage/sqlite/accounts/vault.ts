/** Vaults, compare-and-set, alone or together with a new password. */

import { equalBytes } from "../../../../schema/bytes.ts";
import { ErrorCode, WireError } from "../../../../schema/rpc/errors.ts";
import type { AccountStore, StoredVault } from "../../account_store.ts";
import type { Database } from "../database.ts";
import type { Operations } from "../operation.ts";

export const vaultOperations: Operations<Pick<AccountStore, "vault" | "putVault" | "changePassword">> = {
  vault(db, { accountKey }) {
    return db.get<StoredVault>(
      `SELECT vault_version AS version, vault_sealed AS sealed, wrapped_by_password AS wrappedByPassword, wrapped_by_recovery AS wrappedByRecovery
       FROM accounts WHERE account_key = ?`,
      accountKey,
    )!;
  },

  putVault(db, { accountKey, expectedVersion, vault }) {
    const kept = db.get<Pick<StoredVault, "wrappedByPassword" | "wrappedByRecovery">>(
      "SELECT wrapped_by_password AS wrappedByPassword, wrapped_by_recovery AS wrappedByRecovery FROM accounts WHERE account_key = ? AND vault_version = ?", accountKey, expectedVersion);
    // A device's key alone must not lock the owner out: the wraps change with the password only.
    const sameWraps = !kept || (equalBytes(kept.wrappedByPassword, vault.wrappedByPassword) && equalBytes(kept.wrappedByRecovery, vault.wrappedByRecovery));
    if (!sameWraps) throw new WireError(ErrorCode.malformed, "putVault keeps both wraps; changePassword changes them");
    compareAndSetVault(db, accountKey, expectedVersion, vault);
  },

  changePassword(db, { accountKey, opaqueRecord, expectedVersion, vault, keptSessionId }) {
    compareAndSetVault(db, accountKey, expectedVersion, vault);
    db.run("UPDATE accounts SET opaque_record = ? WHERE account_key = ?", opaqueRecord, accountKey);
    const ended = db.all<{ sessionId: Uint8Array<ArrayBuffer> }>(
      "DELETE FROM sessions WHERE session_id <> ? AND device_id IN (SELECT device_id FROM devices WHERE account_key = ?) RETURNING session_id AS sessionId",
      keptSessionId, accountKey,
    );
    return { endedSessionIds: ended.map(({ sessionId }) => sessionId) };
  },
};

function compareAndSetVault(db: Database, accountKey: Uint8Array, expectedVersion: number, { version, sealed, wrappedByPassword, wrappedByRecovery }: StoredVault): void {
  const { changes } = db.run(
    `UPDATE accounts SET vault_version = ?, vault_sealed = ?, wrapped_by_password = ?, wrapped_by_recovery = ? WHERE account_key = ? AND vault_version = ?`,
    version, sealed, wrappedByPassword, wrappedByRecovery, accountKey, expectedVersion,
  );
  if (changes === 0) throw new WireError(ErrorCode.epochConflict, "the vault has another version");
}
