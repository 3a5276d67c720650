/** What an operator is told when a backup does not open: which key it was made with. */

import { exists } from "../../files.ts";
import { type BackupLabel, readLabel } from "../../backup_label.ts";
import { WrongKeyError } from "../../errors.ts";
import { Database } from "../database.ts";
import { databasePath } from "../database_files.ts";
import { type FormerKey, formerKeys, keyInUse } from "../key_record.ts";
import { checkExisting, readMigrations } from "../open.ts";
import type { DataDirectory } from "./access.ts";

/** The keys that the data of a server has been under. */
export interface KnownKeys {
  present: ReturnType<typeof keyInUse>;
  former: FormerKey[];
}

/**
 * @returns what the present data says of its keys; undefined where there is none, or where it does not open with the
 *   key of the configuration
 */
export function knownKeys({ dataDir, key }: Pick<DataDirectory, "dataDir" | "key">): KnownKeys | undefined {
  const path = databasePath(dataDir);
  if (!exists(path)) return undefined;
  let db: Database | undefined;
  try {
    checkExisting(path, key, readMigrations());
    db = new Database(path, { key, readonly: true, fileMustExist: true });
    return { present: keyInUse(db), former: formerKeys(db) };
  } catch {
    // It is about to be replaced, perhaps because it is damaged.
    return undefined;
  } finally {
    db?.close();
  }
}

/**
 * Checks whether a backup is a database that opens with the key of the configuration.
 *
 * @throws WrongKeyError that says which key the backup needs, StorageFormatError as {@link checkExisting}
 */
export function checkBackup(file: string, { dataDir, key }: Pick<DataDirectory, "dataDir" | "key">): void {
  try {
    checkExisting(file, key, readMigrations());
  } catch (error) {
    if (!(error instanceof WrongKeyError)) throw error;
    const label = readLabel(file);
    if (!label) throw error;
    const { message, hint } = adviceOf(file, label, { hasKey: key !== undefined, known: knownKeys({ dataDir, key }) });
    throw new WrongKeyError(message, hint);
  }
}

const day = (ms: number) => `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;
const keySettings = "QPQ_DB_KEY_FILE (or QPQ_DB_KEY)";

function adviceOf(
  file: string,
  { madeMs, key }: BackupLabel,
  { hasKey, known }: { hasKey: boolean; known: KnownKeys | undefined },
): { message: string; hint: string } {
  const made = `${file} was made on ${day(madeMs)}`;
  if (!key) {
    return {
      message: `${made} without a key: it is not encrypted`,
      hint: `unset QPQ_DB_KEY_FILE and QPQ_DB_KEY for the restore, and encrypt the data afterwards: qpq-server rekey`,
    };
  }
  const its = `the key ${key.id.slice(0, 8)}, in use since ${day(key.sinceMs)}`;
  const former = known?.former.find(({ id }) => id === key.id);
  if (former) {
    return {
      message: `${made} with another key, the one that was in use until ${day(former.untilMs)} (${its})`,
      hint: `give that key in ${keySettings} for the restore, then qpq-server rekey to the present one`,
    };
  }
  if (known?.present?.id === key.id) {
    return {
      message: `${made} with the key that this data is under, and does not open with it`,
      hint: "the backup is damaged, or the database's key was changed by another program",
    };
  }
  return {
    message: `${made} with ${hasKey ? "another key" : "a key"}: ${its}`,
    hint: `give that key in ${keySettings} for the restore`,
  };
}
