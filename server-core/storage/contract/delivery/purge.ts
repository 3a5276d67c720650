/** Behaviours of the purge of expired data, and of restores. */

import assert from "node:assert/strict";
import { EntryKind } from "../../../../schema/rpc/methods.ts";
import { random } from "../../../testing/seed.ts";
import type { BlobArgs, DeliveryStore } from "../../delivery_store.ts";
import { type Behaviour, does, races, repeats } from "../behaviour.ts";
import { commitOf, dayMs, hourMs, messageOf, outcome, type World } from "../world.ts";

/** The most records of one kind that a call deletes. */
const perCall = 1000;
const ageMs = 90 * dayMs;
const { WELCOME, APPLICATION, GAP, COMMIT, DIRECT } = EntryKind;

function blobOf(overrides: Partial<BlobArgs> = {}): BlobArgs {
  return { sha256: random(32), length: 10, accountKey: random(32), quota: 1e9, ttlMs: hourMs, ...overrides };
}

async function purgeAllQueues(world: World): Promise<number> {
  let calls = 0;
  for (let after: number | undefined = 0; after !== undefined; calls++) {
    ({ after } = await world.delivery.purgeQueues({ ageMs, after }));
  }
  return calls;
}

/**
 * bob's queue: a Welcome, three messages and a device message; then, a second later, one of each and a
 * commit.
 */
async function oldAndNew(world: World) {
  const [ann, bob] = await world.devices(2);
  const channelId = await world.channel([ann, bob]);
  const message = () => world.delivery.publish(messageOf(ann, channelId, 1, { envelope: random(50) }));
  const direct = () =>
    world.delivery.enqueue({
      sender: ann.recipientKey,
      recipientKey: bob.recipientKey,
      channelId,
      messageId: random(16),
      body: random(10),
      bodyHash: random(32),
    });
  for (let count = 0; count < 3; count++) await message();
  await direct();
  world.clock.nowMs += 1000;
  await message();
  await direct();
  await world.delivery.commit(commitOf({ sender: ann, channelId, epoch: 1, members: [ann, bob] }));
  const kinds = async () => (await world.queue(bob)).map(({ kind }) => kind);
  return { bob, kinds };
}

export const purgeBehaviours: Behaviour<keyof DeliveryStore>[] = [
  does("purge", "keeps all that unread entries of a commit tell, for as long as they wait", async (world) => {
    const [ann, bob, eve] = await world.devices(3);
    const channelId = await world.channel([ann, bob, eve]);
    const members = [ann, bob, eve];
    await world.empty(bob, ann);
    await world.delivery.commit(commitOf({ sender: ann, channelId, epoch: 1, members: [ann, bob], removed: [eve] }));
    await world.delivery.commit(commitOf({ sender: ann, channelId, epoch: 2, members, added: [eve] }));
    const before = await Promise.all(members.map((device) => world.queue(device)));
    assert.deepEqual([before[1][0].removed, before[1][1].added], [[eve.recipientKey], [eve.recipientKey]]);
    world.clock.nowMs += ageMs - 1;
    while ((await world.delivery.purge()).more);
    await purgeAllQueues(world);
    assert.deepEqual(await Promise.all(members.map((device) => world.queue(device))), before);
  }),

  does("purge", "deletes expired blobs, and names those that no account keeps any more", async (world) => {
    const shared = blobOf();
    const [gone, longer] = [blobOf(), { ...shared, accountKey: random(32), ttlMs: 2 * hourMs }];
    for (const blob of [gone, shared, longer]) await world.delivery.storeBlob(blob);
    assert.deepEqual(await world.delivery.purge(), { blobs: [], more: false });
    world.clock.nowMs += hourMs;
    assert.deepEqual(await world.delivery.purge(), { blobs: [gone.sha256], more: false });
    assert.equal(await world.delivery.blobLength({ sha256: shared.sha256 }), shared.length);
    world.clock.nowMs += hourMs;
    assert.deepEqual(await world.delivery.purge(), { blobs: [shared.sha256], more: false });
  }),

  does("purge", "deletes at most 1,000 of a kind at once, and says whether more are left", async (world) => {
    const blobs = Array.from({ length: perCall + 1 }, () => blobOf());
    await Promise.all(blobs.map((blob) => world.delivery.storeBlob(blob)));
    world.clock.nowMs += hourMs;
    const first = await world.delivery.purge();
    assert.deepEqual([first.blobs.length, first.more], [perCall, true]);
    const second = await world.delivery.purge();
    assert.deepEqual([second.blobs.length, second.more], [1, false]);
  }),

  repeats("purge", "finds nothing more to delete", async (world) => {
    await world.delivery.storeBlob(blobOf());
    world.clock.nowMs += hourMs;
    assert.equal((await world.delivery.purge()).blobs.length, 1);
    assert.deepEqual(await world.delivery.purge(), { blobs: [], more: false });
  }),

  races("purge", "names a blob to one of two calls at once, and no blob that is stored anew", async (world) => {
    const [gone, again] = [blobOf(), blobOf()];
    for (const blob of [gone, again]) await world.delivery.storeBlob(blob);
    world.clock.nowMs += hourMs;
    const [one, , two] = await Promise.all([
      world.delivery.purge(),
      world.delivery.storeBlob(again),
      world.delivery.purge(),
    ]);
    const named = [...one.blobs, ...two.blobs].map(String);
    assert.equal(named.filter((name) => name === String(gone.sha256)).length, 1);
    assert.equal(await outcome(world.delivery.blobLength({ sha256: again.sha256 })), "ok");
  }),

  does(
    "purgeQueues",
    "drops what has waited too long: messages leave a gap, device messages nothing",
    async (world) => {
      const { bob, kinds } = await oldAndNew(world);
      const all = [WELCOME, APPLICATION, APPLICATION, APPLICATION, DIRECT, APPLICATION, DIRECT, COMMIT];
      world.clock.nowMs += ageMs - 1001;
      await purgeAllQueues(world);
      assert.deepEqual(await kinds(), all, "not before its time");
      world.clock.nowMs += 1;
      await purgeAllQueues(world);
      assert.deepEqual(await kinds(), [WELCOME, GAP, APPLICATION, DIRECT, COMMIT]);
      assert.equal((await world.queue(bob))[1].epoch, 3, "the gap counts what it stands for");
      assert.deepEqual(await world.delivery.queueTotals(), { waiting: 1, waitingBytes: 50 });
      world.clock.nowMs += 10 * ageMs;
      await purgeAllQueues(world);
      assert.deepEqual(await kinds(), [WELCOME, GAP, COMMIT], "commits and Welcomes stay");
      assert.equal((await world.queue(bob))[1].epoch, 4);
    },
  ),

  does(
    "purgeQueues",
    "drops at most 1,000 entries a call, and goes on where it stopped, over all queues",
    async (world) => {
      const devices = await world.devices(3);
      const channelId = await world.channel(devices);
      const envelope = Uint8Array.of(1);
      await Promise.all(
        Array.from({ length: 700 }, () => world.delivery.publish(messageOf(devices[0], channelId, 1, { envelope }))),
      );
      world.clock.nowMs += ageMs;
      const { after } = await world.delivery.purgeQueues({ ageMs, after: 0 });
      assert.ok(after !== undefined);
      assert.equal((await world.delivery.queueTotals()).waiting, 400);
      await world.delivery.purgeQueues({ ageMs, after });
      assert.deepEqual(await world.delivery.queueTotals(), { waiting: 0, waitingBytes: 0 });
      assert.equal(await purgeAllQueues(world), 1);
    },
  ),

  repeats("purgeQueues", "drops nothing more, and leaves the gap as it is", async (world) => {
    const { bob } = await oldAndNew(world);
    world.clock.nowMs += ageMs - 1000;
    await purgeAllQueues(world);
    const before = await world.queue(bob);
    await purgeAllQueues(world);
    assert.deepEqual(await world.queue(bob), before);
  }),

  races("purgeQueues", "counts each message once in the gap when two run at once", async (world) => {
    const { bob, kinds } = await oldAndNew(world);
    world.clock.nowMs += ageMs - 1000;
    await Promise.all([purgeAllQueues(world), purgeAllQueues(world)]);
    assert.deepEqual(await kinds(), [WELCOME, GAP, APPLICATION, DIRECT, COMMIT]);
    assert.equal((await world.queue(bob))[1].epoch, 3);
  }),

  does(
    "lastRestore",
    "is undefined before a restore, and then gives its time and the newest message",
    async (world) => {
      const [ann, bob] = await world.devices(2);
      const channelId = await world.channel([ann, bob]);
      assert.equal(await world.delivery.lastRestore(), undefined);
      const newestMs = world.clock.nowMs += 1000;
      await world.delivery.publish(messageOf(ann, channelId, 1));
      const folder = await Deno.makeTempDir({ prefix: "qpq-contract-" });
      const file = `${folder}/backup`;
      await world.operator.backUp({ file });
      await world.delivery.publish(messageOf(ann, channelId, 1));
      const seen = (await world.queue(bob)).at(-1)!.seq;
      world.clock.nowMs += hourMs;
      await world.reopen(async () => {
        await world.operator.restore({ file, replace: true });
      });
      await Deno.remove(folder, { recursive: true });
      assert.deepEqual(await world.delivery.lastRestore(), { restoredMs: world.clock.nowMs, newestMs });
      await world.delivery.publish(messageOf(ann, channelId, 1));
      // A device would take a number that it has passed for a repeat.
      assert.ok((await world.queue(bob)).at(-1)!.seq > seen);
    },
  ),
];
