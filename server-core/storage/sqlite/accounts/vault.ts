/** Vaults, compare-and-set, alone or together with a new password. */

import { equalBytes } from "../../../../schema/bytes.ts";
import { ErrorCode, WireError } from "../../../../schema/rpc/errors.ts";
import type { AccountStore, StoredVault } from "../../account_store.ts";
import type { Database } from "../database.ts";
import type { Operations } from "../operation.ts";
import { accountWhere } from "./directory.ts";

type Names = "vault" | "putVault" | "changePassword" | "recoverable" | "recover";

export const vaultOperations: Operations<Pick<AccountStore, Names>> = {
  vault(db, { accountKey }) {
    return vaultOf(db, accountKey);
  },

  putVault(db, { accountKey, expectedVersion, vault, sessionId, freshSinceMs }) {
    const stored = vaultOf(db, accountKey);
    // A device key alone must not lock the owner out. So wraps and recovery key change only just after a
    // sign-in with password or recovery code.
    const same = equalBytes(stored.wrappedByPassword, vault.wrappedByPassword) &&
      equalBytes(stored.wrappedByRecovery, vault.wrappedByRecovery) &&
      equalBytes(stored.recoveryKey, vault.recoveryKey);
    if (stored.version === expectedVersion && !same && !isFresh(db, sessionId, freshSinceMs)) {
      throw new WireError(ErrorCode.malformed, "putVault keeps the wraps, unless the password was given just before");
    }
    compareAndSetVault(db, accountKey, expectedVersion, vault);
  },

  changePassword(db, { accountKey, opaqueRecord, expectedVersion, vault, keptSessionId, freshSinceMs }) {
    if (!isFresh(db, keptSessionId, freshSinceMs)) {
      throw new WireError(ErrorCode.forbidden, "the password was not given just before");
    }
    compareAndSetVault(db, accountKey, expectedVersion, vault);
    return replaceRecord(db, accountKey, opaqueRecord, keptSessionId);
  },

  recoverable(db, { username }) {
    const account = accountWhere(db, "username", username);
    if (!account || !isActive(db, account.accountKey)) return undefined;
    const vault = vaultOf(db, account.accountKey);
    return vault.recoveryKey.length === 0 ? undefined : { account, recoveryKey: vault.recoveryKey, vault };
  },

  recover(db, { accountKey, recoveryKey, opaqueRecord, expectedVersion, vault }) {
    if (!isActive(db, accountKey) || !equalBytes(vaultOf(db, accountKey).recoveryKey, recoveryKey)) {
      throw new WireError(ErrorCode.loginFailed, "the recovery code has been replaced");
    }
    compareAndSetVault(db, accountKey, expectedVersion, vault);
    return replaceRecord(db, accountKey, opaqueRecord, new Uint8Array());
  },
};

function vaultOf(db: Database, accountKey: Uint8Array): StoredVault {
  return db.get<StoredVault>(
    `SELECT vault_version AS version, vault_sealed AS sealed, wrapped_by_password AS wrappedByPassword,
     wrapped_by_recovery AS wrappedByRecovery, recovery_key AS recoveryKey
     FROM accounts WHERE account_key = ?`,
    accountKey,
  )!;
}

function isActive(db: Database, accountKey: Uint8Array): boolean {
  return db.get("SELECT 1 FROM accounts WHERE account_key = ? AND state = 'active'", accountKey) !== undefined;
}

/** @returns whether the session began at that time or later; its beginning needs the password */
export function isFresh(db: Database, sessionId: Uint8Array, freshSinceMs: number): boolean {
  return db.get("SELECT 1 FROM sessions WHERE session_id = ? AND created_ms >= ?", sessionId, freshSinceMs) !==
    undefined;
}

/** Sets the new OPAQUE record and ends every session of the account but the one to keep. */
function replaceRecord(
  db: Database,
  accountKey: Uint8Array,
  opaqueRecord: Uint8Array,
  keptSessionId: Uint8Array,
): { endedSessionIds: Uint8Array<ArrayBuffer>[] } {
  db.run("UPDATE accounts SET opaque_record = ? WHERE account_key = ?", opaqueRecord, accountKey);
  const ended = db.all<{ sessionId: Uint8Array<ArrayBuffer> }>(
    `DELETE FROM sessions
     WHERE session_id <> ? AND device_id IN (SELECT device_id FROM devices WHERE account_key = ?)
     RETURNING session_id AS sessionId`,
    keptSessionId,
    accountKey,
  );
  return { endedSessionIds: ended.map(({ sessionId }) => sessionId) };
}

function compareAndSetVault(
  db: Database,
  accountKey: Uint8Array,
  expectedVersion: number,
  { version, sealed, wrappedByPassword, wrappedByRecovery, recoveryKey }: StoredVault,
): void {
  const { changes } = db.run(
    `UPDATE accounts
     SET vault_version = ?, vault_sealed = ?, wrapped_by_password = ?, wrapped_by_recovery = ?, recovery_key = ?
     WHERE account_key = ? AND vault_version = ?`,
    version,
    sealed,
    wrappedByPassword,
    wrappedByRecovery,
    recoveryKey,
    accountKey,
    expectedVersion,
  );
  if (changes === 0) throw new WireError(ErrorCode.epochConflict, "the vault has another version");
}
