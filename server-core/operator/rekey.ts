/** `qpq-server rekey`: another key for the database, none, or the first one. */

import { lockData } from "../storage/sqlite/data_lock.ts";
import { Database } from "../storage/sqlite/database.ts";
import { checkExisting, readMigrations } from "../storage/sqlite/open.ts";
import { exists, finishReplacing, syncFolder } from "../storage/sqlite/replace_data.ts";
import { faultsOf } from "./check.ts";
import { type Command, exitCodes, Failure, type Invocation } from "./command.ts";

export const rekey: Command = {
  synopsis: "rekey (--new-key-file FILE | --decrypt)",
  summary: "encrypt the database under another key; the server must be stopped",
  details:
    `The present key comes from QPQ_DB_KEY or QPQ_DB_KEY_FILE (neither: the database is not encrypted yet), the new one from FILE, without the end of its line. A copy is made under the new key and takes the
database's place in one step: a crash leaves the old one or the new one, whole. Afterwards set QPQ_DB_KEY_FILE to the new key. Older backups keep their old key.`,
  examples: ["qpq-server rekey --new-key-file /keys/db-key-2", "qpq-server rekey --decrypt"],
  options: { "new-key-file": { type: "string" }, decrypt: { type: "boolean" } },
  positionals: [0, 0],
  run: async (invocation) => {
    const { config: { dataDir, dbKey }, output } = invocation;
    const newKey = newKeyOf(invocation);
    const path = `${dataDir}/qpq.db`;
    if (!exists(path)) throw new Failure(exitCodes.failed, `${dataDir} holds no database`, "check QPQ_DATA");
    const lock = await lockData(dataDir, "replacing");
    try {
      finishReplacing(dataDir);
      checkExisting(path, dbKey, readMigrations());
      replaceUnder(newKey, path, dbKey);
    } finally {
      lock.release();
    }
    output.record(
      newKey === undefined
        ? "the database is not encrypted any more; unset QPQ_DB_KEY and QPQ_DB_KEY_FILE"
        : "the database is under the new key; set QPQ_DB_KEY_FILE to it before the server starts",
      { encrypted: newKey !== undefined },
    );
  },
};

/** @returns undefined for none */
function newKeyOf({ options }: Invocation): string | undefined {
  const file = options["new-key-file"] as string | undefined;
  if ((file === undefined) === (options.decrypt !== true)) {
    throw new Failure(exitCodes.usage, "one of --new-key-file FILE, --decrypt", "qpq-server rekey --help");
  }
  if (file === undefined) return undefined;
  let key: string;
  try {
    key = Deno.readTextFileSync(file).trim();
  } catch (error) {
    throw new Failure(exitCodes.failed, `the new key can not be read: ${(error as Error).name}`);
  }
  if (key === "") throw new Failure(exitCodes.failed, "the new key is empty");
  return key;
}

function replaceUnder(newKey: string | undefined, path: string, key: string | undefined): void {
  const copy = `${path}.rekeyed`;
  removeCopy(copy);
  try {
    copyUnder(newKey, copy, path, key);
    Deno.renameSync(copy, path);
    syncFolder(path.slice(0, path.lastIndexOf("/")));
  } finally {
    removeCopy(copy);
  }
}

/** Also of a rekey that was cut off. */
function removeCopy(copy: string): void {
  for (const left of [copy, `${copy}-journal`]) if (exists(left)) Deno.removeSync(left);
}

/** @returns false while anybody else has the database open: SQLite says so by an error or by the old mode */
function leavesWal(db: Database): boolean {
  try {
    return db.pragma("journal_mode=DELETE") === "delete";
  } catch (error) {
    if ((error as { code?: string }).code?.startsWith("SQLITE_BUSY")) return false;
    throw error;
  }
}

/** Makes the whole database anew, durably, under the new key, and reads all of it with that key. */
function copyUnder(newKey: string | undefined, copy: string, path: string, key: string | undefined): void {
  const db = new Database(path, { key, fileMustExist: true });
  try {
    // With its log folded in the database is one file, which a rename replaces whole.
    // A program that has it open would keep it from being so, and its log would then meet another database.
    if (!leavesWal(db)) {
      throw new Failure(exitCodes.unavailable, "another program has the database open", "end it, then try again");
    }
    Deno.openSync(copy, { createNew: true, write: true, mode: 0o600 }).close();
    db.run("VACUUM INTO ?", copy);
  } finally {
    db.close();
  }
  const rekeyed = new Database(copy, { key, fileMustExist: true });
  try {
    rekeyed.rekey(newKey);
  } finally {
    rekeyed.close();
  }
  checkExisting(copy, newKey, readMigrations());
  {
    using written = Deno.openSync(copy, { read: true, write: true });
    written.syncSync();
  }
  const whole = new Database(copy, { key: newKey, readonly: true, fileMustExist: true });
  try {
    const [fault] = faultsOf(whole);
    if (fault) {
      throw new Failure(
        exitCodes.damaged,
        `the database is damaged: ${fault}`,
        "it was left as it is; qpq-server check",
      );
    }
  } finally {
    whole.close();
  }
}
