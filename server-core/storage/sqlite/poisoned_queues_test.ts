/** Queues whose counter an earlier server let a cursor drive towards 2^53 (migration 0009). */

import assert from "node:assert/strict";
import type { Bytes } from "../../../schema/bytes.ts";
import { openInlineStore } from "../../testing/inline_store.ts";
import { random } from "../../testing/seed.ts";
import { commitOf, messageOf, outcome } from "../contract/world.ts";
import type { DeliveryStore } from "../delivery_store.ts";
import type { Database } from "./database.ts";
import { openDatabase, readMigrations } from "./open.ts";

const nowMs = 1_800_000_000_000;
const largest = nowMs * 1024 + 2 ** 33;
/** Where the repaired numbers begin. */
const repairedFrom = 2 ** 49;

/** The data of a server of schema 8: a channel of three, for each of which three messages wait. */
function olderData(dataDir: string, change: (db: Database) => void) {
  const db = openDatabase({ dataDir, migrations: readMigrations().filter(({ number }) => number <= 8) });
  const channelId = random(32);
  const devices = [1, 2, 3].map((queue) => ({ queue, recipientKey: random(32), deviceId: random(16) }));
  for (const { queue, recipientKey } of devices) {
    db.run(
      "INSERT INTO queues (queue, recipient_key, next_seq, waiting, waiting_bytes) VALUES (?, ?, 4, 3, 3)",
      queue,
      recipientKey,
    );
  }
  db.run("INSERT INTO channels (channel, channel_id, epoch, creator, created_ms) VALUES (1, ?, 1, 1, 17)", channelId);
  for (const { queue } of devices) {
    db.run("INSERT INTO members (channel, queue) VALUES (1, ?)", queue);
    for (const seq of [1, 2, 3]) {
      const body = db.run("INSERT INTO bodies (length, refs) VALUES (1, 1)").lastInsertRowid;
      db.run("INSERT INTO body_pieces (piece, bytes) VALUES (?, ?)", body * 1024, Uint8Array.of(seq));
      db.run(
        `INSERT INTO entries (queue, seq, kind, channel, epoch, id, received_ms, body, sender)
         VALUES (?, ?, 0, 1, 1, ?, 18, ?, 1)`,
        queue,
        seq,
        random(16),
        body,
      );
    }
  }
  change(db);
  db.close();
  return { devices, channelId };
}

/** What an earlier server did for a cursor. */
function catchUp(db: Database, queue: number, after: number): void {
  db.run("UPDATE entries SET seq = seq + ? WHERE queue = ?", after, queue);
  db.run(
    "UPDATE queues SET next_seq = next_seq + ?, application_from = application_from + ? WHERE queue = ?",
    after,
    after,
    queue,
  );
}

interface Repaired extends ReturnType<typeof olderData> {
  delivery: DeliveryStore;
  /** Bodies and numbers of what waits behind a cursor. */
  read(recipientKey: Bytes, after?: number): Promise<[number, number][]>;
}

async function withPoisoned(change: (db: Database) => void, test: (world: Repaired) => Promise<void>): Promise<void> {
  const dataDir = await Deno.makeTempDir({ prefix: "qpq-poisoned-" });
  const data = olderData(dataDir, change);
  const store = await openInlineStore(dataDir, () => nowMs);
  const read = async (recipientKey: Bytes, after = 0): Promise<[number, number][]> => {
    const entries = await store.delivery.fetch({ recipientKey, channelId: new Uint8Array(), after, limit: 200 });
    return entries.map(({ body, seq }) => [body[0], seq]);
  };
  try {
    await test({ ...data, delivery: store.delivery, read });
  } finally {
    await store.close();
    await Deno.remove(dataDir, { recursive: true });
  }
}

const poison = (db: Database) => {
  for (const after of [2 ** 52 - 5, 2 ** 52]) catchUp(db, 3, after);
};

Deno.test("SERVERS 1: a poisoned queue is repaired, and its groups go on", () =>
  withPoisoned(poison, async ({ devices, channelId, delivery, read }) => {
    const [ann, bob, eve] = devices;
    const repaired = [1, 2, 3].map((count) => [count, repairedFrom + count]);
    assert.deepEqual(await read(eve.recipientKey), repaired, "in their order");
    for (let count = 4; count < 20; count++) {
      await delivery.publish(messageOf(ann, channelId, 1, { envelope: Uint8Array.of(count) }));
    }
    await delivery.commit(commitOf({ sender: bob, channelId, epoch: 1, members: devices }));
    const after = await read(eve.recipientKey);
    assert.deepEqual(after.map(([, seq]) => seq), after.map((_, index) => repairedFrom + 1 + index));
    assert.equal(after.length, 20);
    assert.deepEqual(
      (await read(bob.recipientKey)).slice(0, 4),
      [[1, 1], [2, 2], [3, 3], [4, 4]],
      "others keep theirs",
    );
  }));

Deno.test("SERVERS 1: the device of a repaired queue sees what waits, wherever its cursor is", async () => {
  for (const cursor of [2, 500, 2 ** 33, 2 ** 50, largest]) {
    await withPoisoned(poison, async ({ devices: [, , eve], read }) => {
      const seen = await read(eve.recipientKey, cursor);
      assert.deepEqual(seen.map(([body]) => body), [1, 2, 3], `cursor ${cursor}`);
      assert.ok(seen.every(([, seq]) => seq > cursor));
    });
  }
  await withPoisoned(poison, async ({ devices: [, , eve], delivery, read }) => {
    const { recipientKey } = eve;
    for (const cursor of [largest + 1, 2 ** 52, 2 ** 53 - 1]) {
      assert.equal(await outcome(read(recipientKey, cursor)), "E018");
      assert.equal(await outcome(delivery.ack({ recipientKey, upTo: cursor })), "E018");
    }
    assert.equal((await read(recipientKey)).length, 3, "and starts again from 0");
  });
});

Deno.test("SERVERS 1: a queue without entries, and one of which entries alone are too high, are repaired", async () => {
  await withPoisoned((db) => {
    db.run("DELETE FROM entries WHERE queue = 2");
    db.run("UPDATE queues SET next_seq = ?, application_from = ? WHERE queue = 2", 2 ** 53 + 2, 2 ** 53);
    db.run("UPDATE entries SET seq = seq + ? WHERE queue = 3 AND seq > 1", 2 ** 53 - 10);
  }, async ({ devices: [ann, bob, eve], channelId, delivery, read }) => {
    for (let count = 0; count < 12; count++) await delivery.publish(messageOf(ann, channelId, 1));
    assert.equal((await read(bob.recipientKey))[0][1], repairedFrom + 1);
    assert.deepEqual((await read(eve.recipientKey)).slice(0, 3).map(([body]) => body), [1, 2, 3]);
  });
});
