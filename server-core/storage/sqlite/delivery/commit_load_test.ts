/** What counts for commits and Welcomes that wait, held against what they take on the disk. */

import assert from "node:assert/strict";
import type { Bytes } from "../../../../schema/bytes.ts";
import { openInlineStore } from "../../../testing/inline_store.ts";
import { withTempDir } from "../../../testing/quic.ts";
import { random, seedDevices } from "../../../testing/seed.ts";
import { commitOf, messageOf } from "../../contract/world.ts";
import type { Store } from "../../store.ts";
import type { Database } from "../database.ts";
import { openDatabase, readMigrations } from "../open.ts";
import { addLoad, lightenLoad, loaderOf } from "./commit_load.ts";
import { EntryKind } from "../../../../schema/rpc/methods.ts";

const nowMs = 1_800_000_000_000;
const mebibyte = 1024 * 1024;

/** Bytes that rows take in the file, what of them counts for an account by device, and in all. */
function measure(dataDir: string): { stored: number; counted: number; total: number } {
  const db = openDatabase({ dataDir });
  const used = Number(db.pragma("page_count")) - Number(db.pragma("freelist_count"));
  const { counted } = db.get<{ counted: number }>("SELECT ifnull(sum(bytes), 0) AS counted FROM commit_load")!;
  const { total } = db.get<{ total: number }>("SELECT ifnull(sum(bytes), 0) AS total FROM commit_totals")!;
  db.close();
  return { stored: used * 4096, counted, total };
}

async function acknowledgeAll({ delivery }: Store, recipientKey: Bytes): Promise<void> {
  while (true) {
    const entries = await delivery.fetch({ recipientKey, channelId: new Uint8Array(), after: 0, limit: 200 });
    if (entries.length === 0) return;
    await delivery.ack({ recipientKey, upTo: entries.at(-1)!.seq });
  }
}

Deno.test("SERVERS 8: what waits of Welcomes and commits counts for no less than it takes on the disk", () =>
  withTempDir(async (dataDir) => {
    const devices = seedDevices(dataDir, 200);
    const [ann] = devices;
    const store = await openInlineStore(dataDir, () => nowMs);
    const [large, own] = [random(32), random(32)];
    for (const channelId of [large, own]) {
      await store.delivery.createChannel({ creator: ann.recipientKey, channelId });
    }
    const works: [string, () => Promise<unknown>][] = [
      ["a Welcome for 199 devices", () =>
        store.delivery.commit(
          commitOf({ sender: ann, channelId: large, epoch: 0, members: devices, added: devices.slice(1) }),
        )],
      [
        "a commit for 199 devices",
        () => store.delivery.commit(commitOf({ sender: ann, channelId: large, epoch: 1, members: devices })),
      ],
      ["own commits", async () => {
        for (let epoch = 0; epoch < 300; epoch++) {
          await store.delivery.commit(commitOf({ sender: ann, channelId: own, epoch, members: [ann] }));
        }
      }],
    ];
    for (const [what, work] of works) {
      const before = measure(dataDir);
      await work();
      const after = measure(dataDir);
      const [stored, counted] = [after.stored - before.stored, after.counted - before.counted];
      assert.ok(counted >= stored, `${what}: ${stored} bytes stored, ${counted} counted`);
      const total = after.total - before.total;
      assert.ok(total >= stored, `${what}: ${stored} bytes stored, ${total} counted for the account`);
    }
    const { total } = measure(dataDir);
    const db = openDatabase({ dataDir });
    const { sql } = readMigrations().find(({ name }) => name === "0012_commit_totals.sql")!;
    db.exec(`DROP TABLE commit_totals; ${sql.slice(0, sql.indexOf("CREATE INDEX"))}`);
    db.close();
    assert.equal(measure(dataDir).total, total, "counted anew at the update");
    for (const { recipientKey } of devices) await acknowledgeAll(store, recipientKey);
    const { counted, total: rest } = measure(dataDir);
    assert.deepEqual([counted, rest], [0, 0], "what was read counts no longer");
    await store.close();
  }));

function row(db: Database, queue: number): number | undefined {
  return db.get<{ bytes: number }>("SELECT bytes FROM commit_load WHERE queue = ?", queue)?.bytes;
}

Deno.test("SERVERS 8: a body that waits for many devices is on the disk once, and leaves each of them its 32 MiB", () =>
  withTempDir(async (dataDir) => {
    const devices = seedDevices(dataDir, 400);
    const [ann] = devices;
    const store = await openInlineStore(dataDir, () => nowMs);
    const channelId = random(32);
    await store.delivery.createChannel({ creator: ann.recipientKey, channelId });
    const added = devices.slice(1);
    await store.delivery.commit(commitOf({ sender: ann, channelId, epoch: 0, members: devices, added }));
    // An admin of a large group that is asleep: each device's equal share of 4 GiB would be 10 MiB.
    const commit = new Uint8Array(3 * mebibyte);
    for (let epoch = 1; epoch <= 4; epoch++) {
      const { queued } = await store.delivery.commit(
        commitOf({ sender: ann, channelId, epoch, members: devices }, { commit }),
      );
      assert.equal(queued.length, devices.length, `nobody is left out of commit ${epoch}`);
    }
    await store.close();
  }));

Deno.test("SERVERS 8: an account that much waits of, for very many devices, has an equal share for each", () =>
  withTempDir(async (dataDir) => {
    const [ann, bob] = seedDevices(dataDir, 2);
    const db = openDatabase({ dataDir });
    db.exec("BEGIN");
    const add = (recipientKey: Uint8Array) =>
      db.run("INSERT INTO queues (recipient_key) VALUES (?)", recipientKey).lastInsertRowid;
    const [sender, receiver] = [add(ann.recipientKey), add(bob.recipientKey)];
    db.run("INSERT INTO commit_totals (account_key, bytes) VALUES (?, ?)", ann.accountKey, 4096 * mebibyte);
    const limits = [128, 256, 100_000].map((devices) => {
      for (
        let count = Number(db.get("SELECT count(*) AS n FROM commit_load")!.n);
        count < Math.min(devices, 5000);
        count++
      ) {
        db.run("INSERT INTO commit_load (queue, account_key, bytes) VALUES (?, ?, 1)", add(random(32)), ann.accountKey);
      }
      return loaderOf(db, sender).limit / mebibyte;
    });
    assert.deepEqual(limits, [32, 16, 1]);
    const loader = loaderOf(db, sender);
    const most = mebibyte - 4096;
    assert.equal(addLoad(db, receiver, loader, EntryKind.COMMIT, most + 1), false);
    assert.equal(addLoad(db, receiver, loader, EntryKind.COMMIT, most), true);
    assert.equal(addLoad(db, receiver, loader, EntryKind.REMOVED), false);
    assert.equal(addLoad(db, receiver, loader, EntryKind.APPLICATION, most), true, "that is counted in its queue");
    lightenLoad(db, receiver, sender, EntryKind.COMMIT, { length: most, isGone: true }, 0);
    assert.equal(row(db, receiver), undefined);
    db.close();
  }));

Deno.test("SERVERS 8: what waited at the update counts with its headers and rows, and goes when it is read", () =>
  withTempDir(async (dataDir) => {
    const [ann, bob] = seedDevices(dataDir, 2);
    const channelId = random(32);
    const first = await openInlineStore(dataDir, () => nowMs);
    await first.delivery.createChannel({ creator: ann.recipientKey, channelId });
    await first.delivery.commit(commitOf({ sender: ann, channelId, epoch: 0, members: [ann, bob], added: [bob] }));
    await first.delivery.publish(messageOf(ann, channelId, 1));
    await first.close();
    const { sql } = readMigrations().find(({ name }) => name === "0010_bounds.sql")!;
    const db = openDatabase({ dataDir });
    // As the version before counted: the body alone, and nothing for the own commit.
    db.run("UPDATE entries SET sender = NULL WHERE kind = 2");
    db.run("UPDATE commit_load SET bytes = 400");
    db.exec(sql.slice(sql.indexOf("DELETE FROM commit_load"), sql.indexOf("CREATE INDEX commit_load_by_account")));
    assert.deepEqual(db.all("SELECT bytes FROM commit_load"), [{ bytes: 400 + 1168 + 4096 }]);
    db.close();
    const store = await openInlineStore(dataDir, () => nowMs);
    for (const { recipientKey } of [ann, bob]) await acknowledgeAll(store, recipientKey);
    await store.close();
    assert.equal(measure(dataDir).counted, 0);
  }));
