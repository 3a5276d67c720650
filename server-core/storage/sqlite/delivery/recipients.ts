/**
 * Queues entries for several devices. A queue that fails costs its own device an entry, and nobody else the call
 * (specification §4.1).
 */

import { EntryKind } from "../../../../schema/rpc/methods.ts";
import { ErrorCode, WireError } from "../../../../schema/rpc/errors.ts";
import type { Queued } from "../../delivery_store.ts";
import type { Database } from "../database.ts";
import type { Member } from "./channels.ts";
import { append, type NewEntry } from "./queues.ts";
import { type Looks, maxLooks } from "./making_room.ts";

/** Advice at E013, ms: the recipient has to come online, so asking more often does not help. */
export const queueFullRetryMs = 60_000;

/** Codes of SQLite for what is wrong with the disk, the memory or the file: they are no queue's own fault. */
const everybodysFault = /^SQLITE_(FULL|IOERR|NOMEM|BUSY|LOCKED|READONLY|CORRUPT|NOTADB|CANTOPEN|PROTOCOL|INTERRUPT)/;

/**
 * Queues an entry for each device.
 *
 * @param entryFor the entry of one device; its body's refs must count it
 * @param leftOut undoes what was counted for a device whose queue has failed
 * @param looks of the call
 * @returns the entries of the queues that took theirs
 */
export function queueForEach(
  db: Database,
  to: Member[],
  entryFor: (member: Member) => NewEntry,
  leftOut: (member: Member) => void,
  looks: Looks = { left: maxLooks },
): Queued[] {
  const queueFor = (member: Member, its: Looks): Queued => {
    return { recipientKey: member.recipientKey, seq: append(db, member.queue, entryFor(member), its) };
  };
  // A savepoint for each of 2,000 devices would cost more than their entries, so only a failure asks for them.
  const before = looks.left;
  const all = attempt(db, () => to.map((member) => queueFor(member, looks)));
  if (all) return all;
  looks.left = before;
  const queued: Queued[] = [];
  for (const member of to) {
    const one = attempt(db, () => queueFor(member, looks)) ??
      attempt(db, () => {
        countOn(db, member.queue);
        return queueFor(member, looks);
      });
    if (one) queued.push(one);
    else {
      db.countLostEntry();
      leftOut(member);
    }
  }
  return queued;
}

/** The answer where the only device of a call has a queue that fails. @throws WireError E013 */
export function takesNothing(): never {
  throw new WireError(ErrorCode.queueFull, "this device's queue takes nothing", queueFullRetryMs);
}

/** Sets a counter right that is behind the queue's entries: nothing could be queued, ever. */
function countOn(db: Database, queue: number): void {
  db.run(
    `UPDATE queues SET next_seq = max(next_seq, coalesce((SELECT max(seq) + 1 FROM entries WHERE queue = ?), 1))
     WHERE queue = ?`,
    queue,
    queue,
  );
}

/**
 * Notes that a queue has failed to take a message: the channel's gap counts it. Where that fails, too, the device is
 * not told.
 */
export function noteLost(db: Database, queue: number, channel: number, receivedMs: number): void {
  attempt(db, () => {
    const counted = db.run(
      `UPDATE entries SET epoch = epoch + 1 WHERE queue = ? AND channel = ? AND kind = ${EntryKind.GAP}`,
      queue,
      channel,
    ).changes;
    return counted || append(db, queue, { kind: EntryKind.GAP, channel, epoch: 1, id: new Uint8Array(), receivedMs });
  });
}

/**
 * Runs `work`, and undoes its writes where it fails by the fault of a single queue.
 *
 * @returns what it returns; undefined where it failed
 * @throws WireError the answer to the whole call; an error that is everybody's
 */
function attempt<T>(db: Database, work: () => T): T | undefined {
  db.run("SAVEPOINT recipient");
  try {
    const result = work();
    db.run("RELEASE recipient");
    return result;
  } catch (error) {
    const { code = "" } = error as { code?: unknown };
    if (error instanceof WireError || !db.inTransaction || everybodysFault.test(String(code))) throw error;
    db.run("ROLLBACK TO recipient");
    db.run("RELEASE recipient");
    return undefined;
  }
}
