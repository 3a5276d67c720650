/**
 * The real operations on a real database, run at once and in this thread: starting a storage thread for each
 * test would cost a second each.
 */

import { WireError } from "../../schema/rpc/errors.ts";
import { accountOperations } from "../storage/sqlite/accounts/operations.ts";
import { type OperationTable, runBatch } from "../storage/sqlite/batch.ts";
import { deliveryOperations } from "../storage/sqlite/delivery/operations.ts";
import { openDatabase } from "../storage/sqlite/open.ts";
import type { Store } from "../storage/store.ts";

const operations: OperationTable = { accounts: accountOperations, delivery: deliveryOperations };

export function openInlineStore(dataDir: string, now: () => number): Store {
  const db = openDatabase({ dataDir });
  // The one thing left out of the real thing: these tests are not about power cuts.
  db.pragma("synchronous=OFF");
  const run = (domain: string, name: string) => async (args: unknown) => {
    await Promise.resolve();
    const [outcome] = runBatch(db, operations, [{ domain, name, args: structuredClone(args), nowMs: now() }]);
    if (outcome.kind === "refused") throw new WireError(outcome.code, outcome.reason, outcome.retryAfterMs);
    if (outcome.kind === "failed") throw new Error(outcome.message);
    return structuredClone(outcome.value);
  };
  const proxy = <S>(domain: string): S =>
    Object.fromEntries(Object.keys(operations[domain]).map((name) => [name, run(domain, name)])) as S;
  return {
    accounts: proxy("accounts"),
    delivery: proxy("delivery"),
    waiting: 0,
    close: () => {
      db.close();
      return Promise.resolve();
    },
  };
}
