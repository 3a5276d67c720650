/** `qpq-server restore FILE`: puts a backup in the place of the data. */

import { lockData } from "../storage/sqlite/data_lock.ts";
import { Database } from "../storage/sqlite/database.ts";
import { noteRestore } from "../storage/sqlite/delivery/restores.ts";
import { checkExisting, openDatabase, readMigrations } from "../storage/sqlite/open.ts";
import {
  abandonReplacing,
  beginReplacing,
  decideReplacing,
  exists,
  finishReplacing,
} from "../storage/sqlite/replace_data.ts";
import { takeFilesOut } from "./backup.ts";
import { type Command, exitCodes, Failure } from "./command.ts";
import { faultsOf } from "./check.ts";

export const restore: Command = {
  synopsis: "restore FILE [--replace]",
  summary: "put a backup in the place of the data; the server must be stopped",
  details:
    `The backup is checked whole before anything changes. Data that is there is replaced with --replace only, and kept aside in before-restore-…/ of the data directory. A crash in the middle
leaves the old data or the new.

Clients notice that the server went back in time: devices send once more what they had sent since the backup, and conversations that had changed meanwhile move to a fresh channel, with a line that says
so. Accounts and attachments from after the backup are gone. If the backup may have been in other hands, end all sessions: qpq-server revoke --all`,
  examples: ["qpq-server restore /backup/monday.qpq", "qpq-server restore /backup/monday.qpq --replace"],
  options: { replace: { type: "boolean" } },
  positionals: [1, 1],
  run: async ({ config: { dataDir, dbKey }, positionals: [file], options, output, nowMs }) => {
    if (!exists(file)) throw new Failure(exitCodes.failed, "FILE does not exist");
    const lock = await lockData(dataDir, "replacing");
    try {
      finishReplacing(dataDir);
      if (exists(`${dataDir}/qpq.db`) && !options.replace) {
        throw new Failure(
          exitCodes.failed,
          `${dataDir} holds data`,
          "restore FILE --replace: what is there is kept aside",
        );
      }
      checkExisting(file, dbKey, readMigrations());
      const folder = beginReplacing(dataDir);
      try {
        const attachments = unpack(file, folder, dbKey, nowMs);
        const aside = decideReplacing(dataDir, new Date(nowMs).toISOString().replaceAll(/[:.]/g, "-"));
        output.record(
          `restored, ${attachments} ${attachments === 1 ? "attachment" : "attachments"}${
            aside ? `; the data from before is in ${aside}` : ""
          }`,
          { file, attachments, before: aside ?? null },
        );
      } catch (error) {
        abandonReplacing(dataDir);
        throw error;
      }
    } finally {
      lock.release();
    }
  },
};

function unpack(file: string, folder: string, key: string | undefined, nowMs: number): number {
  const packed = `${folder}/packed.db`;
  const path = `${folder}/qpq.db`;
  Deno.copyFileSync(file, packed);
  Deno.chmodSync(packed, 0o600);
  const db = new Database(packed, { key, fileMustExist: true });
  let attachments: number;
  try {
    if (!db.get("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'backup_files'")) {
      throw new Failure(
        exitCodes.failed,
        "FILE is a database and no backup",
        "backups are made by `qpq-server backup`",
      );
    }
    const faults = faultsOf(db);
    if (faults.length > 0) throw new Failure(exitCodes.damaged, `the backup is damaged: ${faults[0]}`);
    attachments = takeFilesOut(db, folder);
    // Into a file beside it: VACUUM alone would need room for all of it in memory or in the temporary folder,
    // and a container has little of either.
    Deno.openSync(path, { createNew: true, write: true, mode: 0o600 }).close();
    db.run("VACUUM INTO ?", path);
  } finally {
    db.close();
  }
  Deno.removeSync(packed);
  const restored = openDatabase({ dataDir: folder, key });
  try {
    noteRestore(restored, nowMs);
    // Nothing stays beside the file.
    restored.pragma("journal_mode=DELETE");
  } finally {
    restored.close();
  }
  using written = Deno.openSync(path, { read: true, write: true });
  written.syncSync();
  return attachments;
}
