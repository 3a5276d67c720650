/** The SQLite engine of {@link OperatorStore}. Each call opens the database of a data directory by itself. */

import type { OperatorStore } from "../../operator_store.ts";
import { registrationOperations } from "../accounts/registration.ts";
import { isServed } from "../data_lock.ts";
import { acceptClock, trustedTime } from "../clock.ts";
import { keyInUse } from "../key_record.ts";
import { type DataDirectory, inTransaction, withDatabase } from "./access.ts";
import { accountNamed, allAccounts, changeAccount } from "./accounts.ts";
import { faultsOfBackup, writeBackup } from "./backup.ts";
import { devicesOf, endSessions } from "./devices.ts";
import { storeFacts } from "./facts.ts";
import { findFaults } from "./faults.ts";
import { allInvites, withdrawInvite } from "./invites.ts";
import { rekeyDatabase } from "./rekey.ts";
import { allReports, removeReport } from "./reports.ts";
import { restoreBackup } from "./restore.ts";

/** @param options.now the machine's clock, ms since the Unix epoch */
export function sqliteOperatorStore(
  { dataDir, key, now }: { dataDir: string; key?: string; now: () => number },
): OperatorStore {
  const directory = (): DataDirectory => ({ dataDir, key, machineMs: now() });
  const reading = { write: false };
  const writing = { write: true };
  return {
    isServed: () => Promise.resolve(isServed(dataDir)),
    clock: () => {
      const at = directory();
      return withDatabase(at, reading, (db) => ({ ...trustedTime(db, at.machineMs), machineMs: at.machineMs }));
    },
    acceptClock: () => {
      const at = directory();
      return withDatabase(at, writing, (db) => inTransaction(db, () => acceptClock(db, at.machineMs)));
    },
    facts: () => {
      const at = directory();
      return withDatabase(at, reading, (db, nowMs) => storeFacts(db, at, nowMs));
    },
    accounts: () => withDatabase(directory(), reading, allAccounts),
    account: ({ username }) => withDatabase(directory(), reading, (db, nowMs) => accountNamed(db, username, nowMs)),
    changeAccount: (args) => withDatabase(directory(), writing, (db, nowMs) => changeAccount(db, args, nowMs)),
    devices: ({ username }) => withDatabase(directory(), reading, (db, nowMs) => devicesOf(db, username, nowMs)),
    endSessions: ({ sessions }) => withDatabase(directory(), writing, (db) => endSessions(db, sessions)),
    addInvite: (args) =>
      withDatabase(directory(), writing, (db, nowMs) => registrationOperations.addInvite(db, args, { nowMs })),
    invites: () => withDatabase(directory(), reading, allInvites),
    withdrawInvite: ({ idPrefix }) => withDatabase(directory(), writing, (db) => withdrawInvite(db, idPrefix)),
    reports: () => withDatabase(directory(), reading, allReports),
    removeReport: ({ id }) => withDatabase(directory(), writing, (db) => removeReport(db, id)),
    faults: ({ hashes }) => findFaults(directory(), hashes),
    backUp: (args) => writeBackup(directory(), args),
    backupFaults: ({ file }) => Promise.resolve(faultsOfBackup(directory(), file)),
    keyInUse: () => withDatabase(directory(), { anySchema: true }, keyInUse),
    restore: (args) => restoreBackup(directory(), args),
    rekey: ({ newKey }) => rekeyDatabase(directory(), newKey),
  };
}
