/** The operator's view of accounts, and changes of their state. */

import type { AccountChange, AccountState, AccountSummary } from "../../operator_store.ts";
import { type AccountAction, deleteAccount, disableAccount, enableAccount } from "../accounts/account_state.ts";
import type { Database } from "../database.ts";
import { inTransaction } from "./access.ts";

const selectAccounts = `SELECT username, state, account_key AS accountKey, created_ms AS createdMs,
  (SELECT count(*) FROM devices WHERE devices.account_key = accounts.account_key AND enrolled = 1) AS devices,
  (SELECT count(*) FROM sessions JOIN devices USING (device_id)
   WHERE devices.account_key = accounts.account_key AND expires_ms > ?) AS sessions,
  (SELECT max(last_used_ms) FROM sessions JOIN devices USING (device_id)
   WHERE devices.account_key = accounts.account_key) AS lastUsedMs,
  (SELECT coalesce(sum(length), 0) FROM blobs
   WHERE blobs.account_key = accounts.account_key AND expires_ms > ?) AS attachmentBytes
  FROM accounts`;

const actions: Record<AccountChange, AccountAction> = {
  disable: disableAccount,
  enable: enableAccount,
  delete: deleteAccount,
};

/** @returns all accounts by name, deleted ones included */
export function allAccounts(db: Database, nowMs: number): AccountSummary[] {
  return db.all<AccountSummary>(`${selectAccounts} ORDER BY username`, nowMs, nowMs);
}

/** @returns the account, or undefined for an unknown name */
export function accountNamed(db: Database, username: string, nowMs: number): AccountSummary | undefined {
  return db.get<AccountSummary>(`${selectAccounts} WHERE username = ?`, nowMs, nowMs, username);
}

/**
 * Changes an account in one transaction. A deleted account stays as it is.
 *
 * @returns the state before and after, and how many sessions ended; undefined for an unknown name
 */
export function changeAccount(
  db: Database,
  { username, change }: { username: string; change: AccountChange },
  nowMs: number,
): { before: AccountState; state: AccountState; endedSessions: number } | undefined {
  const account = accountNamed(db, username, nowMs);
  if (!account) return undefined;
  const { accountKey, state: before } = account;
  if (before === "deleted") return { before, state: before, endedSessions: 0 };
  const { endedSessions } = inTransaction(db, () => actions[change](db, accountKey, nowMs));
  return { before, state: accountNamed(db, username, nowMs)!.state, endedSessions };
}
