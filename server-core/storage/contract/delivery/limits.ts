/** Behaviours of a full queue: which entries make room. The limits are those of docs/limits.md. */

import assert from "node:assert/strict";
import type { Bytes } from "../../../../schema/bytes.ts";
import { EntryKind } from "../../../../schema/rpc/methods.ts";
import { random } from "../../../testing/seed.ts";
import type { DeliveryStore } from "../../delivery_store.ts";
import { type Behaviour, does } from "../behaviour.ts";
import { commitOf, messageOf, type World } from "../world.ts";

const maxEntries = 10_000;
const maxBytes = 64 * 1024 * 1024;
const { WELCOME, APPLICATION, GAP, COMMIT, DIRECT } = EntryKind;

export const limitBehaviours: Behaviour<keyof DeliveryStore>[] = [
  does(
    "publish",
    "into a full queue turns its oldest messages into one gap a channel, in their place",
    async (world) => {
      const [ann, bob, eve] = await world.devices(3);
      const [one, two] = [await world.channel([ann, bob]), await world.channel([ann, bob])];
      await world.channel([eve, bob]);
      const publish = (channelId: Bytes) =>
        world.delivery.publish(messageOf(ann, channelId, 1, { envelope: Uint8Array.of(1) }));
      for (const channelId of [one, two, one]) await publish(channelId);
      await direct(world, ann, bob, one);
      const before = (await world.queue(bob)).map(({ seq }) => seq);
      await Promise.all(Array.from({ length: maxEntries }, () => publish(one)));
      const queue = await world.queue(bob);
      // Three Welcomes, two gaps, the device message, and as many messages as fit.
      const head = queue.slice(0, 6).map(({ kind, seq, epoch, id, body }) => ({
        kind,
        seq,
        count: kind === GAP ? epoch : 0,
        bytes: kind === GAP ? id.length + body.length : 0,
      }));
      assert.deepEqual(head.slice(0, 3).map(({ kind }) => kind), [WELCOME, WELCOME, WELCOME]);
      assert.deepEqual(head.slice(3), [
        { kind: GAP, seq: before[4], count: 1, bytes: 0 },
        { kind: GAP, seq: before[5], count: 2, bytes: 0 },
        { kind: DIRECT, seq: before[6], count: 0, bytes: 0 },
      ]);
      assert.deepEqual([queue[3].channelId, queue[4].channelId], [two, one]);
      assert.equal(queue.slice(6).filter(({ kind }) => kind === APPLICATION).length, maxEntries);
      assert.equal((await world.delivery.queueTotals()).waiting, maxEntries);
    },
  ),

  does("publish", "into a queue of 64 MiB drops as many of the oldest messages as the new one needs", async (world) => {
    const [ann, bob] = await world.devices(2);
    const channelId = await world.channel([ann, bob]);
    const publish = (length: number) =>
      world.delivery.publish(messageOf(ann, channelId, 1, { envelope: new Uint8Array(length) }));
    for (let index = 0; index < 4; index++) await publish(maxBytes / 4);
    assert.equal((await world.queue(bob)).filter(({ kind }) => kind === GAP).length, 0, "64 MiB fit");
    await publish(1);
    const rest = (await world.queue(bob)).map(({ kind, bodyLength }) => [kind, bodyLength]);
    const message = (length: number) => [APPLICATION, length];
    assert.deepEqual(rest.slice(1), [[GAP, 0], ...Array(3).fill(message(maxBytes / 4)), message(1)]);
    assert.equal((await world.delivery.queueTotals()).waitingBytes, maxBytes / 4 * 3 + 1);
  }),

  does(
    "publish",
    "into a full queue drops messages of the account that fills it, and none of others",
    async (world) => {
      const [ann, bob, eve] = await world.devices(3);
      const [talk, flood] = [await world.channel([ann, bob]), await world.channel([eve, bob])];
      const publish = (sender: typeof ann, channelId: Bytes, length: number) =>
        world.delivery.publish(messageOf(sender, channelId, 1, { envelope: new Uint8Array(length) }));
      const kept = async (length: number) =>
        (await world.queue(bob)).filter(({ kind, bodyLength }) => kind === APPLICATION && bodyLength === length).length;
      for (let count = 0; count < 3; count++) await publish(ann, talk, 7);
      await Promise.all(Array.from({ length: maxEntries + 50 }, () => publish(eve, flood, 1)));
      assert.deepEqual([await kept(7), await kept(1)], [3, maxEntries - 3]);
      // Few large ones take the place of many small ones of the same account.
      for (let count = 0; count < 5; count++) await publish(eve, flood, maxBytes / 4);
      assert.deepEqual([await kept(7), await kept(maxBytes / 4)], [3, 3]);
      await publish(ann, talk, 7);
      assert.equal(await kept(7), 4);
      const gaps = (await world.queue(bob)).filter(({ kind }) => kind === GAP).map(({ channelId }) => channelId);
      assert.deepEqual(gaps, [flood]);
    },
  ),

  does(
    "publish",
    "into a full queue counts the devices of an account together, and every lost message in one gap of its channel",
    async (world) => {
      const [ann, bob] = await world.devices(2);
      const eve = await world.person();
      const { device: second } = await world.signIn(eve);
      await world.list(eve, 1, [eve.device, second]);
      const channelId = await world.channel([ann, bob, eve.device, second]);
      const publish = (sender: typeof ann, length: number) =>
        world.delivery.publish(messageOf(sender, channelId, 1, { envelope: new Uint8Array(length) }));
      // Neither of her devices has more than Ann has.
      for (let count = 0; count < 2; count++) {
        await publish(ann, maxBytes / 4 - 4);
        await publish(second, maxBytes / 8);
        await publish(eve.device, maxBytes / 8 - 8);
      }
      await publish(eve.device, maxBytes / 8);
      const queue = await world.queue(bob);
      assert.equal(queue.filter(({ bodyLength }) => bodyLength === maxBytes / 4 - 4).length, 2);
      const gaps = () =>
        world.queue(bob).then((all) => all.filter(({ kind }) => kind === GAP).map(({ seq, epoch }) => [seq, epoch]));
      const [[firstSeq, count]] = await gaps();
      assert.equal(count, 1);
      // Ann has most of it now. Her first message stands before that gap, and is counted in it.
      for (let more = 0; more < 3; more++) await publish(ann, maxBytes / 8);
      const [[seq, all], ...rest] = await gaps();
      assert.deepEqual(rest, []);
      assert.ok(seq >= firstSeq, "a device that is past the first gap learns of the others");
      const waiting = (await world.queue(bob)).filter(({ kind }) => kind === APPLICATION).length;
      assert.equal(waiting + all, 2 * 3 + 1 + 3);
    },
  ),

  does("commit", "is queued into a full queue, and drops nothing of it", async (world) => {
    const [ann, bob] = await world.devices(2);
    const channelId = await world.channel([ann, bob]);
    for (let index = 0; index < 4; index++) {
      await world.delivery.publish(messageOf(ann, channelId, 1, { envelope: new Uint8Array(maxBytes / 4) }));
    }
    const args = commitOf({ sender: ann, channelId, epoch: 1, members: [ann, bob] }, { commit: random(9000) });
    await world.delivery.commit(args);
    const kinds = (await world.queue(bob)).map(({ kind }) => kind);
    assert.deepEqual(kinds, [WELCOME, ...Array(4).fill(APPLICATION), COMMIT]);
  }),
];

async function direct(
  world: World,
  { recipientKey: sender }: { recipientKey: Bytes },
  { recipientKey }: { recipientKey: Bytes },
  channelId: Bytes,
): Promise<void> {
  const content = { messageId: random(16), body: random(5), bodyHash: random(32) };
  await world.delivery.enqueue({ sender, recipientKey, channelId, ...content });
}
