/** The purge of a large server, beside the calls of its users: all of them wait for each of its operations. */

import assert from "node:assert/strict";
import { withTempDir } from "../../../testing/quic.ts";
import { random } from "../../../testing/seed.ts";
import { openDatabase } from "../open.ts";
import { purgeOperations } from "./purge.ts";

const nowMs = 1_800_000_000_000;
const rows = 5000;
const numbers = `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${rows})`;

Deno.test("SERVERS 8: a purge that finds nothing reads in bounded parts as well", () =>
  withTempDir((dataDir) => {
    const db = openDatabase({ dataDir });
    db.exec("BEGIN");
    for (let queue = 1; queue <= 6; queue++) {
      db.run("INSERT INTO queues (queue, recipient_key) VALUES (?, ?)", queue, random(32));
      db.run(
        "INSERT INTO channels (channel, channel_id, epoch, creator, created_ms) VALUES (?, ?, ?, ?, ?)",
        queue,
        random(32),
        rows + 100,
        queue,
        nowMs,
      );
      db.run("INSERT INTO members (channel, queue) VALUES (?, ?)", queue, queue);
      db.run(
        `INSERT INTO sent (channel, sender, recipient, message_id, body_hash, received_ms, place)
         ${numbers} SELECT ?, ?, 0, randomblob(16), x'00', ?, 0 FROM numbers`,
        queue,
        queue,
        nowMs,
      );
      db.run(
        `INSERT INTO commits (channel, commit_id, content_hash, n)
         ${numbers} SELECT ?, randomblob(16), x'00', n FROM numbers`,
        queue,
      );
      // Nobody has read them, so the commits stay.
      db.run(
        `INSERT INTO entries (queue, seq, kind, channel, epoch, id, received_ms)
         ${numbers} SELECT ?, n, 2, ?, n, x'00', ? FROM numbers`,
        queue,
        queue,
        nowMs,
      );
    }
    const parts = (call: (after: number) => { after: number | undefined }) => {
      const found: (number | undefined)[] = [];
      for (let after: number | undefined = 0; after !== undefined;) found.push(({ after } = call(after)).after);
      return found;
    };
    const queues = parts((after) => purgeOperations.purgeQueues(db, { ageMs: 1000, after }, { nowMs }));
    const channels = parts((after) => purgeOperations.purgeChannels(db, { after }, { nowMs }));
    assert.deepEqual([queues, channels], Array(2).fill([2, 4, 6, undefined]));
    db.exec("COMMIT");
    db.close();
    return Promise.resolve();
  }));
