/** The real account operations on a database in memory, in this thread, for tests. */

import { runBatch } from "../../storage/sqlite/batch.ts";
import { accountOperations } from "../../storage/sqlite/accounts/operations.ts";
import { Database } from "../../storage/sqlite/database.ts";
import { readMigrations } from "../../storage/sqlite/open.ts";
import { WireError } from "../../../schema/rpc/errors.ts";
import type { AccountStore } from "../../storage/account_store.ts";

/** @returns a store, and the database behind it for direct queries */
export function memoryAccounts(clock: () => number): { accounts: AccountStore; db: Database } {
  const db = new Database(":memory:");
  db.pragma("foreign_keys=ON");
  for (const { sql } of readMigrations()) db.exec(sql);
  const run = (name: string) => (args: unknown) => {
    // The server's threads exchange clones.
    const [outcome] = runBatch(db, { accounts: accountOperations }, [{
      domain: "accounts",
      name,
      args: structuredClone(args),
      nowMs: clock(),
    }]);
    if (outcome.kind === "done") return Promise.resolve(structuredClone(outcome.value));
    if (outcome.kind === "refused") {
      return Promise.reject(new WireError(outcome.code, outcome.reason, outcome.retryAfterMs));
    }
    return Promise.reject(new Error(outcome.message));
  };
  const accounts = Object.fromEntries(
    Object.keys(accountOperations).map((name) => [name, run(name)]),
  ) as unknown as AccountStore;
  return { accounts, db };
}
