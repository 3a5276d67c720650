/** Reading a queue, and acknowledging what was read. */

import { ErrorCode, WireError } from "../../../../schema/rpc/errors.ts";
import type { EntryKind } from "../../../../schema/rpc/methods.ts";
import type { DeliveryStore, StoredEntry } from "../../delivery_store.ts";
import type { Database } from "../database.ts";
import type { Operations } from "../operation.ts";
import { pieceBytes, readPiece } from "./bodies.ts";
import { acknowledge, findQueue } from "./queues.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** node.capnp: `fetch` gives at most this many bytes at once. */
const maxFetchBytes = 192 * 1024;

/** Fields of an entry besides header and body, in its Cap'n Proto form, rounded up. */
const entryOverhead = 160;

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
}

const selectEntries = (where: string) =>
  `SELECT seq, kind, channel_id AS channelId, entries.epoch, id, header, entries.body, length, received_ms AS receivedMs
   FROM entries JOIN channels USING (channel) LEFT JOIN bodies ON bodies.body = entries.body WHERE queue = ? AND seq > ? ${where} ORDER BY seq LIMIT ?`;
const wholeQueue = selectEntries("");
const oneChannel = selectEntries("AND entries.channel = (SELECT channel FROM channels WHERE channel_id = ?)");

export const readingOperations: Pick<Operations<DeliveryStore>, "fetch" | "ack" | "ackEntries" | "bodyPiece"> = {
  fetch(db, { recipientKey, channelId, after, limit }) {
    const queue = findLiveQueue(db, recipientKey);
    if (queue === undefined) return [];
    const rows = channelId.length === 0 ? db.all<EntryRow>(wholeQueue, queue, after, limit) : db.all<EntryRow>(oneChannel, queue, after, channelId, limit);
    const entries: StoredEntry[] = [];
    let total = 0;
    for (const row of rows) {
      const inline = row.length !== null && row.length <= pieceBytes ? row.length : 0;
      total += entryOverhead + inline + (row.header?.length ?? 0);
      if (total > maxFetchBytes && entries.length > 0) break;
      entries.push(entryOf(db, row, inline > 0));
    }
    return entries;
  },

  ack(db, { recipientKey, upTo }) {
    const queue = findQueue(db, recipientKey);
    if (queue !== undefined) acknowledge(db, queue, { upTo });
  },

  ackEntries(db, { recipientKey, seqs }) {
    const queue = findQueue(db, recipientKey);
    if (queue !== undefined) acknowledge(db, queue, { seqs });
  },

  bodyPiece(db, { recipientKey, seq, index }) {
    const row = db.get<{ body: number }>("SELECT body FROM entries JOIN queues USING (queue) WHERE recipient_key = ? AND seq = ? AND body IS NOT NULL", recipientKey, seq);
    if (!row) throw new WireError(ErrorCode.unknownRecipient, "no such entry with a body");
    return readPiece(db, row.body, index);
  },
};

function findLiveQueue(db: Database, recipientKey: Uint8Array): number | undefined {
  const found = db.get<{ queue: number; dropped: number }>("SELECT queue, dropped FROM queues WHERE recipient_key = ?", recipientKey);
  if (found?.dropped) throw new WireError(ErrorCode.forbidden, "this device was revoked");
  return found?.queue;
}

function entryOf(db: Database, { seq, kind, channelId, epoch, id, header, body, length, receivedMs }: EntryRow, inline: boolean): StoredEntry {
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
  };
}
