/** The SQLite engine of {@link OperatorStore}. Each call opens the database of a data directory by itself. */

import type { OperatorStore } from "../../operator_store.ts";
import { registrationOperations } from "../accounts/registration.ts";
import { isServed } from "../data_lock.ts";
import { keyInUse } from "../key_record.ts";
import { type DataDirectory, withDatabase } from "./access.ts";
import { accountNamed, allAccounts, changeAccount } from "./accounts.ts";
import { faultsOfBackup, writeBackup } from "./backup.ts";
import { devicesOf, endSessions } from "./devices.ts";
import { storeFacts } from "./facts.ts";
import { findFaults } from "./faults.ts";
import { allInvites, withdrawInvite } from "./invites.ts";
import { rekeyDatabase } from "./rekey.ts";
import { restoreBackup } from "./restore.ts";

/** @param options.now the clock of all operations, ms since the Unix epoch */
export function sqliteOperatorStore(
  { dataDir, key, now }: { dataDir: string; key?: string; now: () => number },
): OperatorStore {
  const directory = (): DataDirectory => ({ dataDir, key, nowMs: now() });
  const reading = { write: false };
  const writing = { write: true };
  return {
    isServed: () => Promise.resolve(isServed(dataDir)),
    facts: () => {
      const at = directory();
      return withDatabase(at, reading, (db) => storeFacts(db, at));
    },
    accounts: () => withDatabase(directory(), reading, (db) => allAccounts(db, now())),
    account: ({ username }) => withDatabase(directory(), reading, (db) => accountNamed(db, username, now())),
    changeAccount: (args) => withDatabase(directory(), writing, (db) => changeAccount(db, args, now())),
    devices: ({ username }) => withDatabase(directory(), reading, (db) => devicesOf(db, username, now())),
    endSessions: ({ sessions }) => withDatabase(directory(), writing, (db) => endSessions(db, sessions)),
    addInvite: (args) =>
      withDatabase(directory(), writing, (db) => registrationOperations.addInvite(db, args, { nowMs: now() })),
    invites: () => withDatabase(directory(), reading, allInvites),
    withdrawInvite: ({ idPrefix }) => withDatabase(directory(), writing, (db) => withdrawInvite(db, idPrefix)),
    faults: ({ hashes }) => findFaults(directory(), hashes),
    backUp: (args) => writeBackup(directory(), args),
    backupFaults: ({ file }) => Promise.resolve(faultsOfBackup(directory(), file)),
    keyInUse: () => withDatabase(directory(), { anySchema: true }, keyInUse),
    restore: (args) => restoreBackup(directory(), args),
    rekey: ({ newKey }) => rekeyDatabase(directory(), newKey),
  };
}
