/** The directory: accounts by name, by key, and by the prefix of their names. */

import type { AccountStore, StoredAccount } from "../../account_store.ts";
import type { Database } from "../database.ts";
import type { Operations } from "../operation.ts";

export const directoryOperations: Operations<Pick<AccountStore, "accountByName" | "accountsByKey" | "usernamesFrom">> =
  {
    accountByName(db, { username }) {
      return db.get("SELECT 1 FROM accounts WHERE username = ? AND state <> 'deleted'", username) &&
        accountWhere(db, "username", username);
    },

    accountsByKey(db, { accountKeys }) {
      return accountKeys.map((accountKey) => accountWhere(db, "account_key", accountKey)).filter((account) =>
        account !== undefined
      );
    },

    usernamesFrom(db, { prefix, limit }) {
      // A range of the index, so that _ and % are ordinary characters. Usernames are ASCII, so "\x7f" is
      // above every next character.
      return db.all<{ username: string }>(
        `SELECT username FROM accounts WHERE username >= ? AND username < ? AND state = 'active'
         ORDER BY username LIMIT ?`,
        prefix,
        `${prefix}\x7f`,
        limit,
      )
        .map(({ username }) => username);
    },
  };

/** @returns the account whose column has the value */
export function accountWhere(
  db: Database,
  column: "username" | "account_key",
  value: string | Uint8Array,
): StoredAccount | undefined {
  const row = db.get<
    {
      username: string;
      accountKey: Uint8Array<ArrayBuffer>;
      list: Uint8Array<ArrayBuffer>;
      signature: Uint8Array<ArrayBuffer>;
    }
  >(
    `SELECT username, account_key AS accountKey, list, list_signature AS signature FROM accounts WHERE ${column} = ?`,
    value,
  );
  return row &&
    { username: row.username, accountKey: row.accountKey, devices: { list: row.list, signature: row.signature } };
}
