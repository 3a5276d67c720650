/**
 * Replaces the files of a data directory so that a crash at any moment leaves either all old or all new
 * files.
 *
 * The new files are made in `replacing-new/`. Renaming that folder to `replacing-<stamp>/` is the decision:
 * from then on every start completes the exchange. Before the decision the folder is rubbish. The old files
 * end in `before-restore-<stamp>/`.
 */

import { exists, syncFolder } from "../files.ts";

/**
 * The files of the data. The rest of the directory (locks, older copies) stays. The log and its index come
 * first, because a database must never meet another database's log.
 */
const parts = ["qpq.db-wal", "qpq.db-shm", "qpq.db", "blobs", "core-key.pem", "core-cert.pem"];

const newFolder = "replacing-new";

/** @returns an empty folder for the new files */
export function beginReplacing(dataDir: string): string {
  const folder = `${dataDir}/${newFolder}`;
  removeFolder(folder);
  Deno.mkdirSync(folder, { mode: 0o700 });
  return folder;
}

/** Gives up before the decision. */
export function abandonReplacing(dataDir: string): void {
  removeFolder(`${dataDir}/${newFolder}`);
}

/**
 * Moves the files of {@link beginReplacing}'s folder, all of them durable already, into their places.
 *
 * @param stamp names the folder of the old files; letters, digits, "-"
 * @returns that folder, absent when there were no old files
 */
export function decideReplacing(dataDir: string, stamp: string): string | undefined {
  syncFolder(`${dataDir}/${newFolder}`);
  Deno.renameSync(`${dataDir}/${newFolder}`, `${dataDir}/replacing-${stamp}`);
  syncFolder(dataDir);
  return finishReplacing(dataDir);
}

/**
 * Completes an exchange that was interrupted after its decision, and removes one that was interrupted before.
 * The caller holds the directory's lock.
 */
export function finishReplacing(dataDir: string): string | undefined {
  abandonReplacing(dataDir);
  const found = decidedFolder(dataDir);
  if (!found) return undefined;
  const from = `${dataDir}/${found}`;
  const aside = `${dataDir}/before-restore-${found.slice("replacing-".length)}`;
  // The new database comes last: while it is still in its folder, other files in place may be old ones.
  if (exists(`${from}/qpq.db`)) {
    Deno.mkdirSync(aside, { recursive: true, mode: 0o700 });
    for (const part of parts) {
      if (part !== "qpq.db") exchange(part, { dataDir, from, aside });
    }
    exchange("qpq.db", { dataDir, from, aside });
  }
  Deno.removeSync(from, { recursive: true });
  if (!exists(aside)) return undefined;
  if ([...Deno.readDirSync(aside)].length > 0) return aside;
  Deno.removeSync(aside);
  return undefined;
}

/** @returns whether an exchange was decided and interrupted, so that its database is still to be put in place */
export function replacementWaits(dataDir: string): boolean {
  const found = exists(dataDir) ? decidedFolder(dataDir) : undefined;
  return found !== undefined && exists(`${dataDir}/${found}/qpq.db`);
}

/** The name of the new files' folder after the decision. Before it, it is {@link newFolder}. */
function decidedFolder(dataDir: string): string | undefined {
  return Array.from(Deno.readDirSync(dataDir), ({ name }) => name).find((name) =>
    /^replacing-\w[\w-]*$/.test(name) && name !== newFolder
  );
}

/**
 * Moves one new part into its place and the old one aside. An earlier attempt may have done either step. If
 * the old part is aside already, the part in place is the new one.
 */
function exchange(part: string, { dataDir, from, aside }: { dataDir: string; from: string; aside: string }): void {
  const place = `${dataDir}/${part}`;
  if (exists(place) && !exists(`${aside}/${part}`)) {
    // Without a new part in its folder, the part may be in its place already, because there was no old one.
    if (exists(`${from}/${part}`) || !exists(`${from}/${part}.placed`)) Deno.renameSync(place, `${aside}/${part}`);
  }
  if (exists(`${from}/${part}`)) {
    Deno.writeTextFileSync(`${from}/${part}.placed`, "");
    Deno.renameSync(`${from}/${part}`, place);
  }
  syncFolder(from);
  syncFolder(aside);
  syncFolder(dataDir);
}

function removeFolder(path: string): void {
  if (exists(path)) Deno.removeSync(path, { recursive: true });
}
