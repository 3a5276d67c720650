/** Behaviours of acknowledgements. */

import assert from "node:assert/strict";
import { ErrorCode } from "../../../../schema/rpc/errors.ts";
import { random } from "../../../testing/seed.ts";
import type { DeviceKeys } from "../../account_store.ts";
import type { DeliveryStore } from "../../delivery_store.ts";
import { type Behaviour, does, races, refuses, repeats } from "../behaviour.ts";
import { commitOf, messageOf, newDevice, outcome, refused, type World } from "../world.ts";

/** bob's queue: a Welcome, then `count` messages of ann. */
async function waiting(world: World, count: number) {
  const [ann, bob] = await world.devices(2);
  const channelId = await world.channel([ann, bob]);
  const publish = () => world.delivery.publish(messageOf(ann, channelId, 1));
  for (let index = 0; index < count; index++) await publish();
  const seqs = async (device: DeviceKeys = bob) => (await world.queue(device)).map(({ seq }) => seq);
  return { ann, bob, channelId, publish, seqs };
}

export const acknowledgingBehaviours: Behaviour<keyof DeliveryStore>[] = [
  does("ack", "deletes the entries up to its number, of this device alone, durably", async (world) => {
    const [ann, bob, eve] = await world.devices(3);
    const channelId = await world.channel([ann, bob, eve]);
    for (let index = 0; index < 3; index++) await world.delivery.publish(messageOf(ann, channelId, 1));
    const [before, ofEve] = [await world.queue(bob), await world.queue(eve)];
    await world.delivery.ack({ recipientKey: bob.recipientKey, upTo: before[1].seq });
    await world.reopen();
    assert.deepEqual(await world.queue(bob), before.slice(2));
    assert.deepEqual(await world.queue(eve), ofEve, "a body stays for as long as one device waits for it");
  }),

  does("ack", "of all that waits leaves the numbers rising", async (world) => {
    const { bob, publish, seqs } = await waiting(world, 3);
    const last = (await seqs()).at(-1)!;
    await world.delivery.ack({ recipientKey: bob.recipientKey, upTo: last });
    assert.deepEqual(await seqs(), []);
    await world.reopen();
    await publish();
    const [next] = await seqs();
    assert.ok(next > last && next < 2 ** 52, `${next} follows ${last}`);
  }),

  does("ack", "deletes the first 500 entries at once, and says that there are more", async (world) => {
    const { bob, seqs } = await waiting(world, 501);
    const before = await seqs();
    const ack = () => world.delivery.ack({ recipientKey: bob.recipientKey, upTo: before.at(-2)! });
    assert.deepEqual(await ack(), { more: true });
    assert.deepEqual(await seqs(), before.slice(500));
    assert.deepEqual([await ack(), await ack()], [{ more: false }, { more: false }]);
    assert.deepEqual(await seqs(), before.slice(-1));
  }),

  does("ack", "of a device for which nothing was ever queued changes nothing", async (world) => {
    assert.equal(await outcome(world.delivery.ack({ recipientKey: newDevice().recipientKey, upTo: 9 })), "ok");
  }),

  does("ack", "of a Welcome or a commit is the mark below which the device's calls are E017", async (world) => {
    const { ann, bob, channelId, seqs } = await waiting(world, 0);
    await world.delivery.commit(commitOf({ sender: ann, channelId, epoch: 1, members: [ann, bob] }));
    const [welcome, commit] = await seqs();
    const at = (epoch: number) => outcome(world.delivery.publish(messageOf(bob, channelId, epoch)));
    await world.delivery.ack({ recipientKey: bob.recipientKey, upTo: welcome });
    assert.deepEqual([await at(0), await at(1)], ["E017", "E015"]);
    await world.delivery.ack({ recipientKey: bob.recipientKey, upTo: commit });
    assert.deepEqual([await at(1), await at(2)], ["E017", "ok"]);
  }),

  refuses(
    "ack",
    ErrorCode.cursorAhead,
    "for a number that the queue has not come to, and deletes nothing",
    async (world) => {
      const { bob, seqs } = await waiting(world, 3);
      const before = await seqs();
      const ack = (upTo: number) => world.delivery.ack({ recipientKey: bob.recipientKey, upTo });
      await refused(ErrorCode.cursorAhead, ack(before.at(-1)! + 1), ack(2 ** 52), ack(Number.MAX_SAFE_INTEGER));
      assert.deepEqual(await seqs(), before);
      await ack(before.at(-1)!);
      assert.deepEqual(await seqs(), []);
    },
  ),

  repeats("ack", "deletes nothing more, nor does a lower number after a higher one", async (world) => {
    const { bob, seqs } = await waiting(world, 3);
    const before = await seqs();
    for (const upTo of [before[1], before[1], before[0], 0]) {
      await world.delivery.ack({ recipientKey: bob.recipientKey, upTo });
      assert.deepEqual(await seqs(), before.slice(2));
    }
  }),

  races("ack", "never deletes a message that came at the same time behind its number", async (world) => {
    const { bob, publish, seqs } = await waiting(world, 2);
    const upTo = (await seqs()).at(-1)!;
    const ack = () => world.delivery.ack({ recipientKey: bob.recipientKey, upTo });
    await Promise.all([publish(), ack(), publish(), ack()]);
    const left = await seqs();
    assert.equal(left.length, 2);
    assert.ok(left.every((seq) => seq > upTo));
  }),

  does("ackEntries", "deletes exactly the entries that it names, durably", async (world) => {
    const { bob, seqs } = await waiting(world, 3);
    const before = await seqs();
    await world.delivery.ackEntries({ recipientKey: bob.recipientKey, seqs: [before[1], before[3], 1e6] });
    await world.reopen();
    assert.deepEqual(await seqs(), [before[0], before[2]]);
    await world.delivery.ackEntries({ recipientKey: newDevice().recipientKey, seqs: [before[0]] });
    assert.deepEqual(await seqs(), [before[0], before[2]]);
  }),

  does("ackEntries", "of a commit is the mark below which the device's calls are E017", async (world) => {
    const { ann, bob, channelId, seqs } = await waiting(world, 0);
    await world.delivery.commit(commitOf({ sender: ann, channelId, epoch: 1, members: [ann, bob] }));
    const [, commit] = await seqs();
    await world.delivery.ackEntries({ recipientKey: bob.recipientKey, seqs: [commit] });
    assert.equal(await outcome(world.delivery.publish(messageOf(bob, channelId, 1))), "E017");
  }),

  repeats("ackEntries", "deletes nothing more, in one call or in two", async (world) => {
    const { bob, seqs } = await waiting(world, 3);
    const before = await seqs();
    const call = { recipientKey: bob.recipientKey, seqs: [before[2], before[2]] };
    await world.delivery.ackEntries(call);
    await world.delivery.ackEntries(call);
    assert.deepEqual(await seqs(), [before[0], before[1], before[3]]);
    assert.equal((await world.delivery.queueTotals()).waiting, 2);
  }),

  races("ackEntries", "and ack() at once delete each entry once", async (world) => {
    const { bob, seqs } = await waiting(world, 4);
    const before = await seqs();
    const { recipientKey } = bob;
    await Promise.all([
      world.delivery.ackEntries({ recipientKey, seqs: [before[1], before[4]] }),
      world.delivery.ack({ recipientKey, upTo: before[2] }),
      world.delivery.ackEntries({ recipientKey, seqs: [before[1], before[4]] }),
    ]);
    assert.deepEqual(await seqs(), [before[3]]);
    assert.equal((await world.delivery.queueTotals()).waiting, 1);
  }),

  does("queueTotals", "counts the messages that wait and their bytes, of every device once", async (world) => {
    const [ann, bob, eve] = await world.devices(3);
    const channelId = await world.channel([ann, bob, eve]);
    assert.deepEqual(await world.delivery.queueTotals(), { waiting: 0, waitingBytes: 0 });
    await world.delivery.publish(messageOf(ann, channelId, 1, { envelope: random(100) }));
    await world.delivery.publish(messageOf(ann, channelId, 1, { envelope: random(11) }));
    await world.delivery.enqueue({
      sender: ann.recipientKey,
      recipientKey: bob.recipientKey,
      channelId,
      messageId: random(16),
      body: random(40),
      bodyHash: random(32),
    });
    assert.deepEqual(await world.delivery.queueTotals(), { waiting: 4, waitingBytes: 222 });
    await world.empty(bob);
    assert.deepEqual(await world.delivery.queueTotals(), { waiting: 2, waitingBytes: 111 });
  }),
];
