/** The places of a channel's messages and commits: one order for all of its members (docs/decisions/038). */

import { placeAt } from "../../../../schema/place.ts";
import type { Database } from "../database.ts";

/**
 * Takes the channel's next place for a message. It is behind all earlier ones, whatever the clock says.
 *
 * @param nowMs the server's clock, ms since the Unix epoch
 */
export function takePlace(db: Database, channel: number, nowMs: number): number {
  return db.get<{ head: number }>(
    "UPDATE channels SET head = max(head + 1, ?) WHERE channel = ? RETURNING head",
    placeAt(nowMs),
    channel,
  )!.head;
}

/** Takes the channel to a commit's epoch. @returns the commit's place, as by {@link takePlace} */
export function enterEpoch(db: Database, channel: number, epoch: number, nowMs: number): number {
  return db.get<{ head: number }>(
    "UPDATE channels SET epoch = ?, head = max(head + 1, ?) WHERE channel = ? RETURNING head",
    epoch,
    placeAt(nowMs),
    channel,
  )!.head;
}

/** More than the clocks of two servers differ by: 2^22 ms, 70 minutes. */
const clocksDifferMs = 2 ** 22;

/**
 * Raises the channels of a restored database. Devices have seen places that were given after the backup. They are
 * not in it, and this server's clock may be behind the one that gave them.
 */
export function raiseAfterRestore(db: Database, nowMs: number): void {
  db.run("UPDATE channels SET head = max(head, ?)", placeAt(nowMs + clocksDifferMs));
}
