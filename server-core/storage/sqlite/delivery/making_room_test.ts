/** How much work a message to many full queues makes. Who loses what is in the storage contract. */

import assert from "node:assert/strict";
import { EntryKind } from "../../../../schema/rpc/methods.ts";
import { withTempDir } from "../../../testing/quic.ts";
import { random } from "../../../testing/seed.ts";
import { openDatabase } from "../open.ts";
import { drop, maxLooks, nextToDrop } from "./making_room.ts";

const [ann, eve] = [1, 2];
const limit = { entries: 100, bytes: 1_000_000 };

/** Queues in each of which one message of Ann waits, and 99 of Eve behind it. @returns their numbers */
function fill(db: ReturnType<typeof openDatabase>, count: number): number[] {
  db.exec("BEGIN");
  const queues = Array.from({ length: count }, (_, index) => 10 + index);
  for (const queue of [ann, eve, ...queues]) {
    db.run("INSERT INTO queues (queue, recipient_key, next_seq) VALUES (?, ?, 101)", queue, random(32));
  }
  db.run("INSERT INTO channels (channel, channel_id, epoch, creator, created_ms) VALUES (3, ?, 1, 1, 1)", random(32));
  for (let seq = 1; seq <= 100; seq++) {
    db.run("INSERT INTO bodies (body, length, refs) VALUES (?, 9, ?)", seq, count);
    for (const queue of queues) {
      db.run(
        `INSERT INTO entries (queue, seq, kind, channel, epoch, id, received_ms, body, sender)
         VALUES (?, ?, ${EntryKind.APPLICATION}, 3, 1, x'', 1, ?, ?)`,
        queue,
        seq,
        seq,
        seq === 1 ? ann : eve,
      );
    }
  }
  db.exec("COMMIT");
  return queues;
}

Deno.test("a message to many full queues looks at 8 of them anew, and later ones at the others", () =>
  withTempDir((dataDir) => {
    const db = openDatabase({ dataDir });
    const queues = fill(db, 2 * maxLooks);
    /** One message to all. @returns how many queues lost one of Eve's, who fills them, and the looks that were left */
    const message = () => {
      const looks = { left: maxLooks };
      db.exec("BEGIN");
      const dropped = queues.map((queue) => {
        const next = nextToDrop(db, queue, limit, looks)!;
        drop(db, queue, next);
        return next.seq;
      });
      db.exec("COMMIT");
      return [dropped.filter((seq) => seq > 1).length, looks.left];
    };
    assert.deepEqual(message(), [maxLooks, 0], "where nobody has looked yet, the oldest makes room");
    assert.deepEqual(message(), [2 * maxLooks, 0]);
    for (let count = 0; count < 40; count++) assert.deepEqual(message(), [2 * maxLooks, maxLooks], String(count));
    db.close();
    return Promise.resolve();
  }));
