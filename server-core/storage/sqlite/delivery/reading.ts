/** Reads a queue, and acknowledges entries. */

import type { Bytes } from "../../../../schema/bytes.ts";
import { ErrorCode, WireError } from "../../../../schema/rpc/errors.ts";
import { EntryKind } from "../../../../schema/rpc/methods.ts";
import type { DeliveryStore, StoredEntry } from "../../delivery_store.ts";
import type { Database } from "../database.ts";
import type { Operations } from "../operation.ts";
import { pieceBytes, readPiece } from "./bodies.ts";
import { meetCursor, requireReached } from "./cursors.ts";
import { acknowledge, ensureQueue, findQueue } from "./queues.ts";

/** delivery.capnp: `fetch` gives at most this many bytes at once. */
const maxFetchBytes = 192 * 1024;

/** Fields of an entry besides header and body, in its Cap'n Proto form, rounded up. */
const entryOverhead = 176;

/** A key in a list of the Cap'n Proto form takes 8 bytes more than its 32. */
const keyOverhead = 1.25;

interface EntryRow {
  seq: number;
  kind: EntryKind;
  channelId: Bytes;
  epoch: number;
  id: Bytes;
  header: Bytes | null;
  body: number | null;
  length: number | null;
  receivedMs: number;
  removed: Bytes | null;
  added: Bytes | null;
  membersHash: Bytes | null;
  messagePlace: number | null;
  commitPlace: number | null;
}

const selectEntries = (where: string, index = "") =>
  `SELECT seq, kind, channel_id AS channelId, entries.epoch, id, header, entries.body, length,
   received_ms AS receivedMs, removed, added, members_hash AS membersHash,
   bodies.place AS messagePlace, commits.place AS commitPlace
   FROM entries ${index} JOIN channels USING (channel) LEFT JOIN bodies ON bodies.body = entries.body
   LEFT JOIN commits
     ON commits.channel = entries.channel AND commits.commit_id = entries.id AND commits.n = entries.epoch
   WHERE queue = ? AND seq > ? ${where} ORDER BY seq LIMIT ?`;
const wholeQueue = selectEntries("");
/** Of the queue's entries it reads the channel's alone: an account can have tens of thousands of others in it. */
export const oneChannel = selectEntries(
  "AND entries.channel = (SELECT channel FROM channels WHERE channel_id = ?)",
  "INDEXED BY entries_by_channel",
);
/** Entries that a call of `ack` deletes: each takes some statements, and all other calls wait for it. */
const mostAcknowledged = 500;

export const readingOperations: Pick<Operations<DeliveryStore>, "fetch" | "ack" | "ackEntries" | "bodyPiece"> = {
  fetch(db, { recipientKey, channelId, after, limit }, { nowMs }) {
    const queue = findLiveQueue(db, recipientKey) ?? (after > 0 ? ensureQueue(db, recipientKey) : undefined);
    if (queue === undefined) return [];
    meetCursor(db, queue, after, channelId.length === 0, nowMs);
    const rows = channelId.length === 0
      ? db.all<EntryRow>(wholeQueue, queue, after, limit)
      : db.all<EntryRow>(oneChannel, queue, after, channelId, limit);
    const entries: StoredEntry[] = [];
    let total = 0;
    for (const row of rows) {
      const inline = row.length !== null && row.length <= pieceBytes ? row.length : 0;
      total += entryOverhead + inline + (row.header?.length ?? 0) + (row.removed?.length ?? 0) * keyOverhead +
        (row.added?.length ?? 0) * keyOverhead;
      if (total > maxFetchBytes && entries.length > 0) break;
      entries.push(entryOf(db, row, inline > 0));
    }
    return entries;
  },

  ack(db, { recipientKey, upTo }) {
    const queue = findQueue(db, recipientKey);
    if (queue === undefined) return { more: false };
    requireReached(db, queue, upTo);
    const next = db.get<{ seq: number }>(
      "SELECT seq FROM entries WHERE queue = ? AND seq <= ? ORDER BY seq LIMIT 1 OFFSET ?",
      queue,
      upTo,
      mostAcknowledged,
    );
    acknowledge(db, queue, { upTo: next ? next.seq - 1 : upTo });
    return { more: next !== undefined };
  },

  ackEntries(db, { recipientKey, seqs }) {
    const queue = findQueue(db, recipientKey);
    if (queue !== undefined) acknowledge(db, queue, { seqs });
  },

  bodyPiece(db, { recipientKey, seq, index }) {
    const row = db.get<{ body: number }>(
      "SELECT body FROM entries JOIN queues USING (queue) WHERE recipient_key = ? AND seq = ? AND body IS NOT NULL",
      recipientKey,
      seq,
    );
    if (!row) throw new WireError(ErrorCode.unknownRecipient, "no such entry with a body");
    return readPiece(db, row.body, index);
  },
};

function findLiveQueue(db: Database, recipientKey: Uint8Array): number | undefined {
  const found = db.get<{ queue: number; dropped: number }>(
    "SELECT queue, dropped FROM queues WHERE recipient_key = ?",
    recipientKey,
  );
  if (found?.dropped) throw new WireError(ErrorCode.forbidden, "this device was revoked");
  return found?.queue;
}

const kindsOfCommits: number[] = [EntryKind.COMMIT, EntryKind.OWN_COMMIT, EntryKind.WELCOME, EntryKind.REMOVED];

/** An id is its sender's choice, so a message can have the id of a commit. */
function placeOf({ kind, messagePlace, commitPlace }: EntryRow): number {
  if (kind === EntryKind.APPLICATION) return messagePlace ?? 0;
  return kindsOfCommits.includes(kind) ? commitPlace ?? 0 : 0;
}

function entryOf(db: Database, row: EntryRow, inline: boolean): StoredEntry {
  const { seq, kind, channelId, epoch, id, header, body, length, receivedMs, removed, added, membersHash } = row;
  const isCommit = kind === EntryKind.COMMIT;
  return {
    seq,
    kind,
    channelId,
    epoch,
    id,
    header: header ?? new Uint8Array(),
    body: inline ? readPiece(db, body!, 0)! : new Uint8Array(),
    bodyLength: length ?? 0,
    receivedMs,
    removed: isCommit ? keysIn(removed) : [],
    added: isCommit ? keysIn(added) : [],
    membersHash: membersHash ?? new Uint8Array(),
    place: placeOf(row),
    turn: 0,
  };
}

function keysIn(joined: Bytes | null): Bytes[] {
  return Array.from({ length: (joined?.length ?? 0) / 32 }, (_, index) => joined!.slice(32 * index, 32 * index + 32));
}
