/** Behaviours of the places in a channel: one order of messages and commits for its members and their senders. */

import assert from "node:assert/strict";
import type { Bytes } from "../../../../schema/bytes.ts";
import { EntryKind } from "../../../../schema/rpc/methods.ts";
import type { DeviceKeys } from "../../account_store.ts";
import type { DeliveryStore, StoredEntry } from "../../delivery_store.ts";
import { random } from "../../../testing/seed.ts";
import { type Behaviour, does, races, repeats } from "../behaviour.ts";
import { commitOf, dayMs, hourMs, messageOf, type World } from "../world.ts";

const { APPLICATION, COMMIT, OWN_COMMIT, WELCOME, REMOVED, DIRECT, GAP } = EntryKind;

/** No device decodes an integer above this. */
const end = 2 ** 53;

function isRising(places: number[]): boolean {
  return places.every((place, index) => Number.isSafeInteger(place) && place > (places[index - 1] ?? 0));
}

/** @returns the places in a device's queue, of the entries that `which` takes */
async function placesOf(world: World, device: DeviceKeys, which: (entry: StoredEntry) => boolean = () => true) {
  return (await world.queue(device)).filter(which).map(({ place }) => place);
}

async function say(world: World, device: DeviceKeys, channelId: Bytes, epoch = 1): Promise<number> {
  return (await world.delivery.publish(messageOf(device, channelId, epoch))).place;
}

export const placeBehaviours: Behaviour<keyof DeliveryStore>[] = [
  does("publish", "tells the sender and every other member one place of a message", async (world) => {
    const [ann, bob, eve] = await world.devices(3);
    const channelId = await world.channel([ann, bob, eve]);
    const said = [await say(world, ann, channelId), await say(world, bob, channelId), await say(world, ann, channelId)];
    await world.reopen();
    const seen = (device: DeviceKeys) => placesOf(world, device, ({ kind }) => kind === APPLICATION);
    assert.deepEqual(await seen(eve), said);
    assert.deepEqual([await seen(ann), await seen(bob)], [[said[1]], [said[0], said[2]]]);
    assert.ok(isRising(said));
  }),

  does("publish", "gives a place to a message that nobody else gets", async (world) => {
    const [ann] = await world.devices(1);
    const channelId = await world.channel([ann]);
    assert.ok(isRising([await say(world, ann, channelId), await say(world, ann, channelId)]));
  }),

  does("publish", "gives rising places when the clock stands or goes back, and after a new start", async (world) => {
    const [ann, bob] = await world.devices(2);
    const channelId = await world.channel([ann, bob]);
    const places: number[] = [];
    for (const step of [0, 0, 1, -1, -hourMs, 0, -40 * 365 * dayMs, 0, 41 * 365 * dayMs]) {
      world.clock.nowMs += step;
      await world.reopen();
      places.push(await say(world, ann, channelId));
    }
    assert.ok(isRising(places), String(places));
    assert.deepEqual(await placesOf(world, bob, ({ kind }) => kind === APPLICATION), places);
  }),

  does("publish", "gives places that a later clock puts behind all earlier ones", async (world) => {
    const [ann, bob] = await world.devices(2);
    const channelId = await world.channel([ann, bob]);
    const other = await world.channel([ann, bob]);
    const said = [await say(world, ann, channelId), await say(world, ann, channelId)];
    world.clock.nowMs += 1;
    assert.ok(isRising([...said, await say(world, ann, other)]), "what a restored server relies on");
  }),

  does("publish", "counts on below 2^53 when a clock is or was far ahead", async (world) => {
    const [ann, bob] = await world.devices(2);
    const channelId = await world.channel([ann, bob]);
    const presentMs = world.clock.nowMs;
    const places = [await say(world, ann, channelId)];
    for (const nowMs of [4_000_000_000_000, 2 ** 43, Number.MAX_SAFE_INTEGER, presentMs, presentMs + 1]) {
      world.clock.nowMs = nowMs;
      places.push(await say(world, ann, channelId), await say(world, ann, channelId));
    }
    assert.ok(isRising(places) && places.at(-1)! < end, String(places));
    assert.deepEqual(places.slice(-4).map((place) => place - places.at(-1)!), [-3, -2, -1, 0]);
  }),

  does("publish", "orders each channel alone: its places tell nothing of another", async (world) => {
    const [ann, bob, eve] = await world.devices(3);
    const [quiet, busy] = [await world.channel([ann, bob]), await world.channel([ann, eve])];
    const before = await say(world, ann, quiet);
    for (let count = 0; count < 20; count++) await say(world, ann, busy);
    assert.equal(await say(world, ann, quiet), before + 1);
  }),

  repeats("publish", "is told its first place, whatever came meanwhile", async (world) => {
    const [ann, bob] = await world.devices(2);
    const channelId = await world.channel([ann, bob]);
    const message = messageOf(ann, channelId, 1);
    const { place } = await world.delivery.publish(message);
    await say(world, bob, channelId);
    await world.delivery.commit(commitOf({ sender: ann, channelId, epoch: 1, members: [ann, bob] }));
    world.clock.nowMs += 30 * dayMs - 1;
    await world.reopen();
    assert.equal((await world.delivery.publish(message)).place, place);
    assert.deepEqual(await placesOf(world, bob, ({ kind }) => kind === APPLICATION), [place]);
  }),

  repeats("publishInOrder", "is told the first places, and gives new ones behind them", async (world) => {
    const [ann, bob] = await world.devices(2);
    const channelId = await world.channel([ann, bob]);
    const messages = Array.from({ length: 5 }, () => messageOf(ann, channelId, 1));
    const send = async (count: number) =>
      (await world.delivery.publishInOrder({
        sender: ann.recipientKey,
        channelId,
        messages: messages.slice(0, count),
      })).map(({ place }) => place);
    const first = await send(3);
    const between = await say(world, bob, channelId);
    const all = await send(5);
    assert.deepEqual(all.slice(0, 3), first);
    assert.ok(isRising([...first, between, ...all.slice(3)]));
    assert.deepEqual(await placesOf(world, bob, ({ kind }) => kind === APPLICATION), all);
  }),

  does("publishInOrder", "gives no place to what it refuses", async (world) => {
    const [ann, bob] = await world.devices(2);
    const channelId = await world.channel([ann, bob]);
    const { messageId, ...other } = messageOf(ann, channelId, 1);
    const first = (await world.delivery.publish({ ...other, messageId })).place;
    const messages = [messageOf(ann, channelId, 1), { ...messageOf(ann, channelId, 1), messageId }];
    const answers = await world.delivery.publishInOrder({ sender: ann.recipientKey, channelId, messages });
    assert.deepEqual(answers.map(({ place }) => place), [first + 1, 0]);
    assert.equal(await say(world, ann, channelId), first + 2);
  }),

  does("commit", "has a place among the messages, which is that of all its entries", async (world) => {
    const [ann, bob, eve, fay] = await world.devices(4);
    const channelId = await world.channel([ann, bob, eve]);
    await world.empty(ann, bob, eve);
    const before = await say(world, eve, channelId);
    const plan = { sender: ann, channelId, epoch: 1, members: [ann, bob, fay], removed: [eve], added: [fay] };
    const { place } = await world.delivery.commit(commitOf(plan));
    const after = await say(world, bob, channelId, 2);
    assert.ok(isRising([before, place, after]));
    const seen = async (device: DeviceKeys) => (await world.queue(device)).map(({ kind, place }) => [kind, place]);
    assert.deepEqual(await seen(bob), [[APPLICATION, before], [COMMIT, place]]);
    assert.deepEqual(await seen(ann), [[APPLICATION, before], [OWN_COMMIT, place], [APPLICATION, after]]);
    assert.deepEqual(await seen(fay), [[WELCOME, place], [APPLICATION, after]]);
    assert.deepEqual(await seen(eve), [[REMOVED, place]]);
  }),

  races("commit", "and messages that come at once have one order, that of every queue", async (world) => {
    const [ann, bob, eve, fay] = await world.devices(4);
    const channelId = await world.channel([ann, bob, eve, fay]);
    await world.empty(ann, bob, eve, fay);
    await Promise.all([
      ...Array.from({ length: 15 }, (_, index) => say(world, index % 2 ? ann : bob, channelId)),
      world.delivery.commit(commitOf({ sender: ann, channelId, epoch: 1, members: [ann, bob, eve, fay] })),
      ...Array.from({ length: 15 }, (_, index) => say(world, index % 2 ? ann : bob, channelId, 2)),
    ]);
    const ofEve = await placesOf(world, eve);
    assert.equal(ofEve.length, 31);
    assert.ok(isRising(ofEve));
    assert.deepEqual(await placesOf(world, fay), ofEve);
  }),

  does("fetch", "gives no place to payloads for one device and to gaps", async (world) => {
    const [ann, bob] = await world.devices(2);
    const channelId = await world.channel([ann, bob]);
    await say(world, ann, channelId);
    const commit = commitOf({ sender: bob, channelId, epoch: 1, members: [ann, bob] });
    await world.delivery.commit(commit);
    // A payload with the id and the epoch of a commit is none.
    const payload = { body: random(9), bodyHash: random(32), messageId: commit.commitId };
    await world.delivery.enqueue({ sender: ann.recipientKey, recipientKey: bob.recipientKey, channelId, ...payload });
    const message = messageOf(ann, channelId, 2, { messageId: commit.commitId });
    const { place } = await world.delivery.publish(message);
    const queue = { recipientKey: bob.recipientKey, channelId, after: 0, limit: 200 };
    const told = (await world.delivery.fetch(queue)).slice(-2).map((entry) => [entry.kind, entry.place]);
    assert.deepEqual(told, [[DIRECT, 0], [APPLICATION, place]]);
    world.clock.nowMs += 91 * dayMs;
    await world.delivery.purgeQueues({ ageMs: 90 * dayMs, after: 0 });
    assert.deepEqual(await placesOf(world, bob, ({ kind }) => kind === GAP), [0]);
  }),
];
