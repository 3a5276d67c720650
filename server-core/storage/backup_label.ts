/**
 * The label of a backup: what may be read of it without its key. It stands behind the database's last page, where
 * SQLite does not look: the number of pages is in the header (https://www.sqlite.org/fileformat.html §1.3.7).
 *
 * A label says which key the backup needs, by an id that was drawn by lot. Nothing in it is computed from a key, so it
 * helps nobody to guess one.
 */

/** What a backup tells everybody. Times are ms since the Unix epoch. */
export interface BackupLabel {
  madeMs: number;
  /** The id of the key that it is encrypted with, and since when that was in use; absent: it is not encrypted. */
  key?: KeyInUse;
  /** Of a backup that `backup --keep` made: of which server, and which one in the row of its backups. */
  kept?: { server: string; number: number };
}

/** A key of the database by its id, 32 hex digits. */
export interface KeyInUse {
  id: string;
  sinceMs: number;
}

const magic = "qpq-backup-label-1";
/** The length of the text, in decimal, and the mark. */
const lengthDigits = 8;
const footerBytes = lengthDigits + magic.length;
const longestLabel = 4_096;

/** Writes a label behind the end of a database file. */
export function addLabel(path: string, label: BackupLabel): void {
  const text = new TextEncoder().encode(JSON.stringify(label));
  const footer = new TextEncoder().encode(`${String(text.length).padStart(lengthDigits, "0")}${magic}`);
  using file = Deno.openSync(path, { append: true });
  for (let rest = new Uint8Array([...text, ...footer]); rest.length > 0;) rest = rest.subarray(file.writeSync(rest));
}

/** @returns the label of a backup; undefined for a file without one, such as a backup of an older version */
export function readLabel(path: string): BackupLabel | undefined {
  return labelAt(path)?.label;
}

/** Takes the label off, so that only the database is left. */
export function removeLabel(path: string): void {
  const found = labelAt(path);
  if (found) Deno.truncateSync(path, found.start);
}

function labelAt(path: string): { label: BackupLabel; start: number } | undefined {
  using file = Deno.openSync(path, { read: true });
  const { size } = file.statSync();
  const footer = size < footerBytes ? "" : textAt(file, size - footerBytes, footerBytes);
  const length = footer.endsWith(magic) ? Number(footer.slice(0, lengthDigits)) : NaN;
  const start = size - footerBytes - length;
  if (!(length <= longestLabel && start >= 0)) return undefined;
  const label = readBackupLabel(textAt(file, start, length));
  return label && { label, start };
}

function textAt(file: Deno.FsFile, start: number, length: number): string {
  const bytes = new Uint8Array(length);
  file.seekSync(start, Deno.SeekMode.Start);
  let filled = 0;
  while (filled < length) filled += file.readSync(bytes.subarray(filled)) ?? length;
  return new TextDecoder().decode(bytes);
}

/** The file may come from anywhere: only what is of the right shape is believed, and it is never more than a hint. */
function readBackupLabel(text: string): BackupLabel | undefined {
  try {
    const { madeMs, key, kept } = JSON.parse(text);
    const isTime = (value: unknown) => Number.isSafeInteger(value) && Math.abs(value as number) <= 8.64e15;
    if (!isTime(madeMs)) return undefined;
    const hasKey = /^[0-9a-f]{32}$/.test(key?.id) && isTime(key.sinceMs);
    const isKept = /^[0-9a-f]{64}$/.test(kept?.server) && Number.isSafeInteger(kept.number);
    return {
      madeMs,
      ...(hasKey && { key: { id: key.id, sinceMs: key.sinceMs } }),
      ...(isKept && { kept: { server: kept.server, number: kept.number } }),
    };
  } catch {
    return undefined;
  }
}
