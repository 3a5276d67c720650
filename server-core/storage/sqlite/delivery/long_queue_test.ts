/** Queues of many thousand entries: an account can fill its own, and all calls wait for one that reads it whole. */

import assert from "node:assert/strict";
import { withTempDir } from "../../../testing/quic.ts";
import { random, seedDevices } from "../../../testing/seed.ts";
import { WireError } from "../../../../schema/rpc/errors.ts";
import { openDatabase } from "../open.ts";
import { oneChannel, readingOperations } from "./reading.ts";

Deno.test("SERVERS 1: reading one channel of a queue reads no entry of the others", () =>
  withTempDir((dataDir) => {
    const db = openDatabase({ dataDir });
    const plan = db.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${oneChannel}`, 1, 0, random(32), 200);
    const steps = plan.map(({ detail }) => detail);
    assert.ok(
      steps.includes("SEARCH entries USING INDEX entries_by_channel (queue=? AND channel=? AND seq>?)"),
      steps.join("; "),
    );
    assert.deepEqual(steps.filter((step) => /SCAN|TEMP B-TREE/.test(step)), []);
    db.close();
    return Promise.resolve();
  }));

Deno.test("SERVERS 1: of an account's long queues one is numbered anew in ten minutes", () =>
  withTempDir((dataDir) => {
    const devices = seedDevices(dataDir, 4);
    const db = openDatabase({ dataDir });
    for (const [index, { recipientKey, deviceId }] of devices.entries()) {
      db.run("INSERT INTO queues (queue, recipient_key, next_seq) VALUES (?, ?, 1001)", index + 1, recipientKey);
      db.run(
        "INSERT OR IGNORE INTO channels (channel, channel_id, creator, created_ms) VALUES (1, ?, 1, 0)",
        random(32),
      );
      db.run(
        `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)
         INSERT INTO entries (queue, seq, kind, channel, epoch, id, received_ms)
         SELECT ?, n, 0, 1, 1, x'00', 0 FROM numbers`,
        index === 2 ? 999 : 1000,
        index + 1,
      );
      // The last is another account's.
      if (index < 3) db.run("UPDATE devices SET account_key = ? WHERE device_id = ?", devices[0].accountKey, deviceId);
    }
    const read = ({ recipientKey }: { recipientKey: Uint8Array<ArrayBuffer> }, nowMs: number): number => {
      try {
        const args = { recipientKey, channelId: new Uint8Array(), after: 2000, limit: 1 };
        return (readingOperations.fetch(db, args, { nowMs }) as { seq: number }[])[0].seq;
      } catch (error) {
        assert.ok(error instanceof WireError);
        return error.retryAfterMs;
      }
    };
    const nowMs = 1_800_000_000_000;
    assert.deepEqual(devices.map((device) => read(device, nowMs)), [2001, 600_000, 2001, 2001]);
    assert.equal(read(devices[1], nowMs + 600_000), 2001);
    db.close();
    return Promise.resolve();
  }));
