/**
 * A row of backups in one folder: makes the next one, and deletes the oldest when there are more than are wanted.
 *
 * Backups are told apart by their number, never by a clock, which may be wrong: the newest is the one with the highest
 * number. Nothing is deleted but backups that carry this server's label, and nothing before the new one is complete,
 * was read back and found good.
 */

import { readLabel } from "../storage/backup_label.ts";
import { exists, syncFolder } from "../storage/files.ts";
import type { OperatorStore } from "../storage/operator_store.ts";
import { exitCodes, Failure } from "./command.ts";

/** A backup of the row. */
export interface KeptBackup {
  file: string;
  number: number;
  /** ms since the Unix epoch. */
  madeMs: number;
}

export interface MadeBackup {
  file: string;
  attachments: number;
  /** The files that were deleted. */
  deleted: string[];
}

const nameForm = /^quicproquo-(\d{6,12})-[0-9TZ-]+\.qpq$/;
const partialForm = /^quicproquo-\d{6,12}-[0-9TZ-]+\.qpq\.partial-[0-9a-f]{8}(-journal)?$/;
const lockFile = ".quicproquo-backup.lock";

/**
 * @param server the pin of the server's certificate, hex: other servers may have rows in the same folder
 * @returns the backups of this server in a folder, the newest first
 */
export function keptBackups(folder: string, server: string): KeptBackup[] {
  return numbered(folder).flatMap(({ file, number }) => {
    const label = readLabel(file);
    return label?.kept?.server === server && label.kept.number === number
      ? [{ file, number, madeMs: label.madeMs }]
      : [];
  }).sort((a, b) => b.number - a.number);
}

/**
 * Makes the next backup of the row, reads it back, and deletes what is more than `keep`.
 *
 * @param options.keep how many stay, the new one included: 1 or more
 * @throws Failure while another backup of this kind runs in the folder, or when the new one is damaged; then it is put
 *   aside in the place of the last such one, and nothing was deleted
 */
export async function makeKeptBackup(
  { folder, keep, server, store, nowMs }: {
    folder: string;
    keep: number;
    server: string;
    store: Pick<OperatorStore, "backUp" | "backupFaults">;
    nowMs: number;
  },
): Promise<MadeBackup> {
  using lock = Deno.openSync(`${folder}/${lockFile}`, { create: true, read: true, write: true, mode: 0o600 });
  if (!lock.tryLockSync(true)) {
    throw new Failure(exitCodes.unavailable, `another backup is being made in ${folder}`, "wait until it has ended");
  }
  // Whoever made it has ended, or it would have the lock.
  for (const { name } of Deno.readDirSync(folder)) if (partialForm.test(name)) Deno.removeSync(`${folder}/${name}`);
  const number = Math.max(0, ...numbered(folder).map((found) => found.number)) + 1;
  const stamp = new Date(nowMs).toISOString().slice(0, 19).replaceAll(":", "");
  const file = `${folder}/quicproquo-${String(number).padStart(6, "0")}-${stamp}Z.qpq`;
  const { attachments } = await store.backUp({ file, kept: { server, number } });
  const [fault] = await store.backupFaults({ file });
  if (fault !== undefined) {
    // One of these at most: where the server's own data is damaged, so is every backup, and they would fill the disk.
    const aside = `${folder}/quicproquo-damaged-${server.slice(0, 8)}.qpq`;
    Deno.renameSync(file, aside);
    throw new Failure(
      exitCodes.damaged,
      `the new backup was read back and is damaged: ${fault}. It is in ${aside}`,
      "no older backup was deleted",
    );
  }
  const deleted = keptBackups(folder, server).slice(keep).map((old) => old.file);
  for (const old of deleted) Deno.removeSync(old);
  if (deleted.length > 0) syncFolder(folder);
  return { file, attachments, deleted };
}

function numbered(folder: string): { file: string; number: number }[] {
  if (!exists(folder)) return [];
  return [...Deno.readDirSync(folder)].flatMap(({ name, isFile }) => {
    const number = isFile ? nameForm.exec(name)?.[1] : undefined;
    return number === undefined ? [] : [{ file: `${folder}/${name}`, number: Number(number) }];
  });
}
