/** One device's queue fails: the others of a call do not notice, and the device learns that it lacks something. */

import assert from "node:assert/strict";
import { concat } from "../../schema/bytes.ts";
import { delivery, EntryKind } from "../../schema/rpc/methods.ts";
import { openDatabase } from "../storage/sqlite/open.ts";
import type { Database } from "../storage/sqlite/database.ts";
import {
  makeChannel,
  outcome,
  publishTo,
  queueOf,
  sendCommit,
  type TestService,
  withService,
} from "../testing/delivery_service.ts";
import { random, type TestDevice } from "../testing/seed.ts";

const { APPLICATION, COMMIT, GAP, WELCOME } = EntryKind;

interface Broken extends TestService {
  db: Database;
  /** The queue of this device takes none of these kinds from now on. */
  breaks(device: TestDevice, ...kinds: number[]): void;
  mend(): void;
}

function withBroken(count: number, test: (service: Broken) => Promise<void>): Promise<void> {
  return withService(count, async (service) => {
    const db = openDatabase({ dataDir: service.dataDir });
    const queue = ({ recipientKey }: TestDevice) =>
      db.get<{ queue: number }>("SELECT queue FROM queues WHERE recipient_key = ?", recipientKey)!.queue;
    const breaks = (device: TestDevice, ...kinds: number[]) =>
      db.exec(`CREATE TRIGGER broken BEFORE INSERT ON entries
        WHEN new.queue = ${queue(device)} AND new.kind IN (${kinds}) BEGIN SELECT RAISE(ABORT, 'broken'); END`);
    try {
      await test({ ...service, db, breaks, mend: () => db.exec("DROP TRIGGER broken") });
    } finally {
      db.close();
    }
  });
}

const seen = async ({ as }: TestService, device: TestDevice) =>
  (await queueOf(as(device), device)).map(({ kind, epoch }) => [kind, kind === APPLICATION ? 0 : epoch]);

Deno.test("SERVERS 1: a queue that fails gets a gap for a message, and the others get the message", () =>
  withBroken(3, async (service) => {
    const { as, devices: [ann, bob, eve], breaks, mend, db, lost } = service;
    const channelId = await makeChannel(as, [ann, bob, eve]);
    breaks(eve, APPLICATION, EntryKind.DIRECT);
    const [one, two] = [await publishTo(as(ann), channelId, 1), await publishTo(as(bob), channelId, 1)];
    const messages = [1, 2].map(() => ({ epoch: 1, messageId: random(16), envelope: random(9) }));
    const { answers } = await as(ann).call(delivery.publishInOrder, { channelId, messages });
    assert.deepEqual(answers.map(({ code }) => code), [0, 0]);
    assert.deepEqual((await queueOf(as(bob), bob)).slice(1).map(({ body }) => body), [
      one.envelope,
      ...messages.map(({ envelope }) => envelope),
    ]);
    assert.deepEqual((await queueOf(as(ann), ann)).at(-1)!.body, two.envelope);
    assert.deepEqual(await seen(service, eve), [[WELCOME, 1], [GAP, 4]], "one gap counts all");
    const direct = { recipientKey: eve.recipientKey, channelId, messageId: random(16), body: random(9) };
    assert.equal(await outcome(as(ann).call(delivery.enqueue, direct)), "E013");
    assert.deepEqual(lost, [1, 1, 2, 1], "the operator is told of each");
    mend();
    assert.equal(await outcome(as(ann).call(delivery.enqueue, direct)), "ok", "nothing of it was kept");
    await publishTo(as(ann), channelId, 1);
    assert.deepEqual((await seen(service, eve)).map(([kind]) => kind), [WELCOME, GAP, EntryKind.DIRECT, APPLICATION]);
    for (const device of [ann, bob, eve]) {
      const upTo = (await queueOf(as(device), device)).at(-1)!.seq;
      await as(device).call(delivery.ack, { recipientKey: device.recipientKey, upTo });
    }
    assert.deepEqual(db.all("SELECT * FROM bodies"), [], "no body is left behind");
  }));

Deno.test("SERVERS 1: a queue that fails at a commit is left out, and its device can see that", () =>
  withBroken(4, async (service) => {
    const { as, devices: [ann, bob, eve, fay], breaks, mend, db } = service;
    const channelId = await makeChannel(as, [ann, bob, eve]);
    breaks(eve, COMMIT);
    const members = [ann, bob, eve, fay];
    assert.equal((await sendCommit(as(ann), { channelId, epoch: 1, members, added: [fay] })).n, 2);
    assert.deepEqual((await seen(service, bob)).at(-1), [COMMIT, 2]);
    assert.deepEqual(await seen(service, fay), [[WELCOME, 2]]);
    assert.deepEqual(await seen(service, eve), [[WELCOME, 1]]);
    assert.equal(await outcome(publishTo(as(eve), channelId, 1)), "E015", "so it looks, and finds a later epoch");
    mend();
    await sendCommit(as(bob), { channelId, epoch: 2, members });
    assert.deepEqual(await seen(service, eve), [[WELCOME, 1], [COMMIT, 3]], "a missing commit: it asks to be re-added");
    const load = db.all<{ bytes: number }>(
      `SELECT bytes FROM commit_load JOIN queues USING (queue) WHERE recipient_key = ? AND account_key = ?`,
      eve.recipientKey,
      ann.accountKey,
    );
    assert.deepEqual(load, [{ bytes: 400 + 1168 + 4096 }], "the Welcome alone, with its header and its row");
  }));

Deno.test("SERVERS 1: an added or removed device whose queue fails does not fail the commit", () =>
  withBroken(4, async (service) => {
    const { as, devices: [ann, bob, eve, fay], breaks, mend } = service;
    const channelId = await makeChannel(as, [ann, bob, eve]);
    breaks(eve, EntryKind.REMOVED, WELCOME);
    await sendCommit(as(ann), { channelId, epoch: 1, members: [ann, bob, fay], removed: [eve], added: [fay] });
    const { n } = await sendCommit(as(bob), { channelId, epoch: 2, members: [ann, bob, fay, eve], added: [eve] });
    assert.equal(n, 3);
    assert.deepEqual((await seen(service, fay)).at(-1), [COMMIT, 3]);
    mend();
    assert.deepEqual(await seen(service, eve), [[WELCOME, 1]]);
  }));

Deno.test("SERVERS 1: a counter that is behind its queue's entries is set right, and nothing is lost", () =>
  withBroken(3, async (service) => {
    const { as, devices: [ann, bob, eve], db } = service;
    const channelId = await makeChannel(as, [ann, bob, eve]);
    const before = await publishTo(as(ann), channelId, 1);
    db.run("UPDATE queues SET next_seq = 1 WHERE recipient_key = ?", eve.recipientKey);
    const after = await publishTo(as(ann), channelId, 1);
    await sendCommit(as(bob), { channelId, epoch: 1, members: [ann, bob, eve] });
    const queue = await queueOf(as(eve), eve);
    assert.deepEqual(queue.map(({ seq }) => seq), [1, 2, 3, 4]);
    assert.deepEqual(concat(queue[1].body, queue[2].body), concat(before.envelope, after.envelope));
    assert.equal(queue[3].kind, COMMIT);
  }));
