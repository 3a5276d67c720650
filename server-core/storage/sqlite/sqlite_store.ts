/**
 * The SQLite engine of {@link Store}: passes operations to the storage thread in batches, each of which is
 * one transaction (group commit).
 */

import type { AccountStore } from "../account_store.ts";
import type { ClockStore } from "../clock_store.ts";
import type { DeliveryStore } from "../delivery_store.ts";
import { StorageError, StorageFormatError } from "../errors.ts";
import type { Store, StoreOptions } from "../store.ts";
import { accountOperations } from "./accounts/operations.ts";
import { Batcher } from "./batcher.ts";
import { clockOperations } from "./clock.ts";
import { databaseBytes } from "./database_files.ts";
import { deliveryOperations } from "./delivery/operations.ts";
import { type HostLink, StorageThread } from "./storage_thread.ts";

export interface SqliteStoreOptions extends StoreOptions {
  /** Directory of `qpq.db`; made if missing. */
  dataDir: string;
  /** SQLCipher passphrase; absent: not encrypted. */
  key?: string;
}

/**
 * Opens or creates the database and starts its thread.
 *
 * @param startHost starts the side that owns the database; tests run it in their own thread
 * @throws StorageFormatError when the data is foreign, of another format, or under another key; then it is
 *   unchanged. StorageError when the database can not be opened for another reason
 */
export async function openSqliteStore(
  { dataDir, key, now = Date.now, onDead, ...told }: SqliteStoreOptions,
  startHost: (onDead?: (error: Error) => void) => HostLink = (onDead) => new StorageThread(onDead),
): Promise<Store> {
  await Deno.mkdir(dataDir, { recursive: true, mode: 0o700 });
  const host = startHost(onDead);
  const opened = await host.tell({ kind: "open", options: { dataDir, key } });
  if (opened.kind === "notOpened") {
    host.end();
    throw opened.format
      ? new StorageFormatError(opened.message)
      : new StorageError(`${dataDir}/qpq.db: ${opened.message}`);
  }
  const batcher = new Batcher(host, told);
  const proxy = <S>(domain: string, operations: Record<keyof S, unknown>): S =>
    Object.fromEntries(
      Object.keys(operations).map((
        name,
      ) => [name, (args: unknown) => batcher.add({ domain, name, args, nowMs: now() })]),
    ) as S;
  return {
    accounts: proxy<AccountStore>("accounts", accountOperations),
    delivery: proxy<DeliveryStore>("delivery", deliveryOperations),
    clock: proxy<ClockStore>("clock", clockOperations),
    get waiting() {
      return batcher.waiting;
    },
    storedBytes: () => Promise.resolve(databaseBytes(dataDir)),
    close: () => batcher.close(),
  };
}
