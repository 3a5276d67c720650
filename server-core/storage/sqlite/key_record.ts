/**
 * Which key the database is under, and which ones it was under before, by ids that are drawn by lot: rows of the table
 * `meta`, so they change with the database in one step. They are for people who look for the key of an old backup.
 */

import { toHex } from "../../../schema/bytes.ts";
import type { KeyInUse } from "../backup_label.ts";
import type { Database } from "./database.ts";

/** A key that the database was under before. */
export interface FormerKey {
  id: string;
  /** ms since the Unix epoch. */
  untilMs: number;
}

const present = "key";
const former = "former_keys";
/** Nobody changes keys more often than that and has all the backups. The oldest are forgotten. */
const keptFormer = 100;

/** @returns the key that the database is under; undefined before it has an id */
export function keyInUse(db: Database): KeyInUse | undefined {
  return read<KeyInUse>(db, present);
}

/** @returns the keys before, the newest last */
export function formerKeys(db: Database): FormerKey[] {
  return read<FormerKey[]>(db, former) ?? [];
}

/** Gives the key of an encrypted database an id, unless it has one. */
export function ensureKeyId(db: Database, nowMs: number): void {
  if (!keyInUse(db)) write(db, present, newKey(nowMs));
}

/** Notes that the database is about to be under another key, or under none. */
export function noteKeyChange(db: Database, isEncrypted: boolean, nowMs: number): void {
  const before = keyInUse(db);
  if (before) writeFormer(db, [...formerKeys(db), { id: before.id, untilMs: nowMs }]);
  db.run("DELETE FROM meta WHERE name = ?", present);
  if (isEncrypted) write(db, present, newKey(nowMs));
}

/** Takes over what another database knows: the one that is replaced by a backup of an earlier time. */
export function mergeKeys(db: Database, known: { present?: KeyInUse; former: FormerKey[] }, nowMs: number): void {
  const own = keyInUse(db);
  const all = new Map(formerKeys(db).map((key) => [key.id, key]));
  for (const key of known.former) all.set(key.id, key);
  if (known.present) all.set(known.present.id, { id: known.present.id, untilMs: nowMs });
  if (own) all.delete(own.id);
  writeFormer(db, [...all.values()].sort((a, b) => a.untilMs - b.untilMs));
}

function newKey(nowMs: number): KeyInUse {
  return { id: toHex(crypto.getRandomValues(new Uint8Array(16))), sinceMs: nowMs };
}

function writeFormer(db: Database, keys: FormerKey[]): void {
  write(db, former, keys.slice(-keptFormer));
}

function read<T>(db: Database, name: string): T | undefined {
  const row = db.get<{ value: string }>("SELECT value FROM meta WHERE name = ?", name);
  return row && JSON.parse(row.value) as T;
}

function write(db: Database, name: string, value: unknown): void {
  db.run("INSERT OR REPLACE INTO meta VALUES (?, ?)", name, JSON.stringify(value));
}
