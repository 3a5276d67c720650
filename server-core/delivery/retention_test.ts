/** What is left of an account that calls without end: rows of the database after a purge. */

import assert from "node:assert/strict";
import { delivery } from "../../schema/rpc/methods.ts";
import { makeChannel, outcome, queueOf, sendCommit, withService } from "../testing/delivery_service.ts";
import { random, type TestDevice } from "../testing/seed.ts";
import { openDatabase } from "../storage/sqlite/open.ts";
import { purgeDelivery } from "./blobs.ts";
import { commitRates } from "./commit.ts";

/** Runs a statement in the service's database, and gives the number that it finds. */
function ask(dataDir: string, sql: string, ...params: (number | Uint8Array)[]): number {
  const db = openDatabase({ dataDir });
  try {
    return Number(db.get<{ found: number }>(sql, ...params)!.found);
  } finally {
    db.close();
  }
}

/** Makes devices those of one account. */
function join(dataDir: string, [first, ...others]: TestDevice[]): void {
  const db = openDatabase({ dataDir });
  for (const { deviceId } of others) {
    db.run("UPDATE devices SET account_key = ? WHERE device_id = ?", first.accountKey, deviceId);
  }
  db.close();
}

Deno.test("SERVERS 8: a device that sends without end leaves 20,000 ids behind, and none once it is revoked", () =>
  withService(1, async ({ as, deps, dataDir, devices: [ann] }) => {
    const channelId = await makeChannel(as, [ann]);
    const message = () => ({ epoch: 1, messageId: random(16), envelope: random(1), bodyHash: random(32) });
    const { recipientKey: sender } = ann;
    for (let calls = 0; calls < 24; calls++) {
      const messages = Array.from({ length: 1000 }, message);
      await deps.store.publishInOrder({ sender, channelId, messages });
    }
    const rows = () => ask(dataDir, "SELECT count(*) AS found FROM sent");
    assert.equal(rows(), 24_000);
    await purgeDelivery(deps);
    assert.equal(rows(), 20_000);
    ask(dataDir, "UPDATE queues SET dropped = 1 RETURNING 1 AS found");
    await purgeDelivery(deps);
    assert.equal(rows(), 0);
  }));

Deno.test("SERVERS 8: a device that commits without end leaves 100 commits a channel, or what it has not read", () => {
  const commits = commitRates(() => 0, 1000);
  return withService(1, async ({ as, deps, dataDir, devices: [ann] }) => {
    const channelId = await makeChannel(as, [ann]);
    for (let epoch = 1; epoch <= 150; epoch++) await sendCommit(as(ann), { channelId, epoch, members: [ann] });
    const rows = () => ask(dataDir, "SELECT count(*) AS found FROM commits");
    await purgeDelivery(deps);
    assert.equal(rows(), 151);
    const last = (await queueOf(as(ann), ann)).at(-1)!;
    await as(ann).call(delivery.ack, { recipientKey: ann.recipientKey, upTo: last.seq });
    await purgeDelivery(deps);
    assert.equal(rows(), 100);
    // What it leaves unread counts for it, as commits for others do.
    assert.equal(ask(dataDir, "SELECT count(*) AS found FROM commit_load"), 0);
    await sendCommit(as(ann), { channelId, epoch: 151, members: [ann] });
    ask(dataDir, "UPDATE commit_load SET bytes = 32 * 1024 * 1024 RETURNING 1 AS found");
    assert.equal(await outcome(sendCommit(as(ann), { channelId, epoch: 152, members: [ann] })), "E032");
  }, { commits });
});

Deno.test("SERVERS 8: an account makes 2,000 channels, on whatever device; those of revoked devices alone go", () =>
  withService(3, async ({ as, clock, deps, dataDir, devices }) => {
    join(dataDir, devices);
    const make = (device: TestDevice) => as(device).call(delivery.createChannel, { channelId: random(32) });
    const [ann, second, third] = devices;
    for (const device of [ann, second]) {
      for (let count = 0; count < 1000; count++) await make(device);
    }
    assert.equal(await outcome(make(third)), "E032");
    ask(dataDir, "UPDATE queues SET dropped = 1 WHERE recipient_key = ? RETURNING 1 AS found", ann.recipientKey);
    await purgeDelivery(deps);
    assert.equal(await outcome(make(third)), "E032", "as many were made today");
    clock.nowMs += 24 * 3_600_000;
    assert.equal(await outcome(make(third)), "ok");
    assert.equal(ask(dataDir, "SELECT count(*) AS found FROM members"), 1001);
  }));
