/** The trusted time on SQLite: one row, and what an operator does with it. */

import type { ClockStore, StoredClock } from "../clock_store.ts";
import { TrustedClock } from "../../trusted_clock.ts";
import type { Database } from "./database.ts";
import type { Operations } from "./operation.ts";

export const clockOperations: Operations<ClockStore> = {
  read: (db) => readClock(db),

  keep(db, clock) {
    const before = readClock(db);
    const stored = before && before.accepted !== clock.accepted ? before : clock;
    if (stored === clock) writeClock(db, clock);
    // A step of the machine's clock was undone.
    if (before && stored.newestMs < before.newestMs) bringBack(db, stored.newestMs);
    return { stored, hasAccounts: db.get("SELECT 1 FROM accounts LIMIT 1") !== undefined };
  },
};

/** @returns what is stored; undefined also for a database that an older server made */
function readClock(db: Database): StoredClock | undefined {
  if (!db.get("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'clock'")) return undefined;
  return db.get<StoredClock>(
    "SELECT newest_ms AS newestMs, step_ms AS stepMs, steady_ms AS steadyMs, accepted FROM clock",
  );
}

/** Replaces what is stored. */
export function writeClock(db: Database, { newestMs, stepMs, steadyMs, accepted }: StoredClock): void {
  db.run(
    "INSERT OR REPLACE INTO clock (id, newest_ms, step_ms, steady_ms, accepted) VALUES (1, ?, ?, ?, ?)",
    newestMs,
    stepMs,
    steadyMs,
    accepted,
  );
}

/**
 * The trusted time beside a server or without one.
 *
 * @param machineMs the machine's clock, ms since the Unix epoch
 * @returns it, and how far the machine's clock is ahead of it (negative: behind; 0: they agree), ms
 */
export function trustedTime(db: Database, machineMs: number): { trustedMs: number; aheadMs: number } {
  const clock = new TrustedClock({ machine: () => machineMs, monotonic: () => 0 });
  clock.begin(readClock(db));
  return { trustedMs: clock.now(), aheadMs: clock.differenceMs };
}

/** What a session and a KeyPackage get when they are made now. */
const sessionMs = 30 * 24 * 3_600_000;
const handOutMs = 24 * 3_600_000;

/** Makes the machine's clock the trusted time. */
export function acceptClock(db: Database, machineMs: number): void {
  const accepted = readClock(db)?.accepted ?? 0;
  writeClock(db, { newestMs: machineMs, stepMs: 0, steadyMs: 0, accepted: accepted + 1 });
  bringBack(db, machineMs);
}

/** Where time goes back, what was made meanwhile is not in the future for longer than if it were made now. */
function bringBack(db: Database, nowMs: number): void {
  db.run(
    `UPDATE sessions SET created_ms = min(created_ms, ?), last_used_ms = ?, expires_ms = ?
     WHERE last_used_ms > ?`,
    nowMs,
    nowMs,
    nowMs + sessionMs,
    nowMs,
  );
  db.run(
    "UPDATE key_packages SET until_ms = ? WHERE until_ms > ? AND last_resort = 0",
    nowMs + handOutMs,
    nowMs + handOutMs,
  );
  db.run("UPDATE entries SET received_ms = ? WHERE received_ms > ?", nowMs, nowMs);
  db.run("UPDATE sent SET received_ms = ? WHERE received_ms > ?", nowMs, nowMs);
}
