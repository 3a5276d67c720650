/**
 * When the last backup was made: a small file in the data directory, so that `status` and the metrics can say it. It is
 * no part of the data, and a restore leaves it alone.
 */

const name = "last-backup.json";

/** A backup that was made. */
export interface LastBackup {
  /** ms since the Unix epoch. */
  madeMs: number;
  file: string;
}

/** Notes a backup that is complete. */
export function noteBackup(dataDir: string, backup: LastBackup): void {
  const path = `${dataDir}/${name}`;
  Deno.writeTextFileSync(`${path}.new`, JSON.stringify(backup), { mode: 0o600 });
  Deno.renameSync(`${path}.new`, path);
}

/** @returns undefined where none was made, or none that was noted */
export function lastBackup(dataDir: string): LastBackup | undefined {
  try {
    const { madeMs, file } = JSON.parse(Deno.readTextFileSync(`${dataDir}/${name}`));
    return typeof madeMs === "number" && typeof file === "string" ? { madeMs, file } : undefined;
  } catch {
    return undefined;
  }
}
