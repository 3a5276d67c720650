/** Places in data of an earlier version, and after a restore from a backup. The rest is in the storage contract. */

import assert from "node:assert/strict";
import { EntryKind } from "../../../../schema/rpc/methods.ts";
import { openInlineStore } from "../../../testing/inline_store.ts";
import { withTempDir } from "../../../testing/quic.ts";
import { commitOf, hourMs, messageOf, newDevice } from "../../contract/world.ts";
import { openDatabase, readMigrations } from "../open.ts";
import { sqliteOperatorStore } from "../operator/operator_store.ts";

const nowMs = 1_800_000_000_000;
const [ann, bob] = [newDevice(), newDevice()];
const bytes = (length: number, byte: number) => new Uint8Array(length).fill(byte);
const channelId = bytes(32, 12);
const [messageId, commitId] = [bytes(16, 16), bytes(16, 13)];
const bodyHash = bytes(32, 14);

/** A channel of two in epoch 4, at schema 6: its commit and a message wait for bob. */
function fillOld(dataDir: string): void {
  const db = openDatabase({ dataDir, migrations: readMigrations().filter(({ number }) => number <= 6) });
  [ann, bob].forEach(({ recipientKey }, index) =>
    db.run("INSERT INTO queues (queue, recipient_key, next_seq) VALUES (?, ?, 3)", index + 1, recipientKey)
  );
  db.run("INSERT INTO channels (channel, channel_id, epoch, creator, created_ms) VALUES (3, ?, 4, 1, 17)", channelId);
  db.run("INSERT INTO members (channel, queue) VALUES (3, 1), (3, 2)");
  db.run("INSERT INTO commits (channel, commit_id, content_hash, n) VALUES (3, ?, ?, 4)", commitId, bodyHash);
  db.run("INSERT INTO bodies (body, length, refs) VALUES (1, 70, 1), (2, 70, 1)");
  db.run("INSERT INTO body_pieces (piece, bytes) VALUES (1024, ?), (2048, ?)", bytes(70, 1), bytes(70, 2));
  const entry = `INSERT INTO entries (queue, seq, kind, channel, epoch, id, received_ms, body) VALUES (2, ?, ?, 3, 4, ?,
    ${nowMs - 9}, ?)`;
  db.run(entry, 1, EntryKind.COMMIT, commitId, 1);
  db.run(entry, 2, EntryKind.APPLICATION, messageId, 2);
  db.run(
    `INSERT INTO sent (channel, sender, recipient, message_id, body_hash, received_ms)
     VALUES (3, 1, 0, ?, ?, ${nowMs - 9})`,
    messageId,
    bodyHash,
  );
  db.close();
}

Deno.test("PEOPLE B2: entries and repeats of an earlier version have no place, new ones lie behind their time", () =>
  withTempDir(async (dataDir) => {
    fillOld(dataDir);
    const { delivery, close } = await openInlineStore(dataDir, () => nowMs);
    const repeat = messageOf(ann, channelId, 4, { messageId, bodyHash });
    assert.deepEqual(await delivery.publish(repeat), { receivedMs: nowMs - 9, place: 0, queued: [] });
    const head = { sender: ann.recipientKey, channelId, epoch: 3, commitId, contentHash: bodyHash };
    assert.deepEqual(await delivery.checkCommit(head), { n: 4, place: 0 });
    const { place } = await delivery.publish(messageOf(ann, channelId, 4));
    assert.ok(place > (nowMs - 9) * 1024 && place < 2 ** 53);
    const all = { recipientKey: bob.recipientKey, channelId: new Uint8Array(), after: 0, limit: 200 };
    assert.deepEqual((await delivery.fetch(all)).map(({ place }) => place), [0, 0, place]);
    await close();
  }));

/** Ann says something on a server whose clock shows `clockMs`. @returns the places */
async function placesAt(dataDir: string, clockMs: number, count: number): Promise<number[]> {
  const { delivery, close } = await openInlineStore(dataDir, () => clockMs);
  const places: number[] = [];
  while (places.length < count) places.push((await delivery.publish(messageOf(ann, channelId, 1))).place);
  await close();
  return places;
}

for (const [when, laterMs] of [["a minute later", 60_000], ["where the clock is an hour behind", -hourMs]] as const) {
  Deno.test(`PEOPLE B2: a server restored ${when} gives places behind all that were seen`, () =>
    withTempDir(async (folder) => {
      const [dataDir, elsewhere, file] = [`${folder}/data`, `${folder}/elsewhere`, `${folder}/backup`];
      Deno.mkdirSync(dataDir);
      Deno.mkdirSync(elsewhere);
      const store = await openInlineStore(dataDir, () => nowMs - hourMs);
      await store.delivery.createChannel({ creator: ann.recipientKey, channelId });
      await store.delivery.commit(commitOf({ sender: ann, channelId, epoch: 0, members: [ann] }));
      await store.close();
      await sqliteOperatorStore({ dataDir, now: () => nowMs }).backUp({ file });
      const seen = await placesAt(dataDir, nowMs, 40);
      // Twice: devices have seen what the first restored server gave, too.
      for (const clockMs of [nowMs + laterMs, nowMs + laterMs + 1]) {
        await sqliteOperatorStore({ dataDir: elsewhere, now: () => clockMs }).restore({ file, replace: true });
        seen.push(...await placesAt(elsewhere, clockMs, 10));
      }
      assert.deepEqual(seen, seen.toSorted((one, other) => one - other));
      assert.equal(new Set(seen).size, 60);
      assert.ok(seen.at(-1)! < 2 ** 53);
    }));
}
