/** Behaviours of messages to a channel, stored or ephemeral. */

import assert from "node:assert/strict";
import { ErrorCode } from "../../../../schema/rpc/errors.ts";
import { EntryKind } from "../../../../schema/rpc/methods.ts";
import { random } from "../../../testing/seed.ts";
import type { DeliveryStore } from "../../delivery_store.ts";
import { type Behaviour, does, races, refuses, repeats } from "../behaviour.ts";
import { commitOf, dayMs, messageOf, outcome, refused, type World } from "../world.ts";

const isMessage = ({ kind }: { kind: EntryKind }) => kind === EntryKind.APPLICATION;

/** Two members at epoch 2: ann made it, bob has not seen it. */
async function atEpochTwo(world: World) {
  const [ann, bob, stranger] = await world.devices(3);
  const channelId = await world.channel([ann, bob]);
  await world.delivery.commit(commitOf({ sender: ann, channelId, epoch: 1, members: [ann, bob] }));
  return { ann, bob, stranger, channelId };
}

const epochRefusals = (
  method: "publish" | "ephemeralRecipients",
): Behaviour<keyof DeliveryStore>[] => {
  const send = (world: World, ...args: Parameters<typeof messageOf>): Promise<unknown> =>
    world.delivery[method](messageOf(...args));
  return [
    refuses(method, ErrorCode.notAMember, "for a stranger, a revoked device, and an unknown channel", async (world) => {
      const bob = await world.person();
      const [ann, stranger] = await world.devices(2);
      const channelId = await world.channel([ann, bob.device]);
      await world.revoke(bob);
      await refused(
        ErrorCode.notAMember,
        send(world, stranger, channelId, 1),
        send(world, bob.device, channelId, 1),
        send(world, ann, random(32), 1),
      );
    }),

    refuses(method, ErrorCode.staleEpoch, "below the epoch that the device made or acknowledged", async (world) => {
      const { ann, bob, channelId } = await atEpochTwo(world);
      await refused(ErrorCode.staleEpoch, send(world, ann, channelId, 1));
      await world.empty(bob);
      await refused(ErrorCode.staleEpoch, send(world, bob, channelId, 1));
    }),

    refuses(method, ErrorCode.epochConflict, "at another epoch than the channel's, and in epoch 0", async (world) => {
      const { ann, bob, stranger, channelId } = await atEpochTwo(world);
      const fresh = random(32);
      await world.delivery.createChannel({ creator: stranger.recipientKey, channelId: fresh });
      await refused(
        ErrorCode.epochConflict,
        send(world, bob, channelId, 1),
        send(world, ann, channelId, 3),
        send(world, stranger, fresh, 0),
      );
    }),
  ];
};

export const messageBehaviours: Behaviour<keyof DeliveryStore>[] = [
  ...epochRefusals("publish"),
  ...epochRefusals("ephemeralRecipients"),

  does("publish", "queues the message for every member but the sending device, durably", async (world) => {
    const person = await world.person();
    const { device: second } = await world.signIn(person);
    await world.list(person, 1, [person.device, second]);
    const [bob] = await world.devices(1);
    const channelId = await world.channel([person.device, second, bob]);
    world.clock.nowMs += 7;
    const message = messageOf(person.device, channelId, 1);
    const { receivedMs } = await world.delivery.publish(message);
    await world.reopen();
    assert.equal(receivedMs, world.clock.nowMs);
    for (const device of [second, bob]) {
      const { kind, epoch, id, body, bodyLength, header, ...entry } = (await world.queue(device)).at(-1)!;
      assert.deepEqual({ kind, epoch, id, body, bodyLength, header }, {
        kind: EntryKind.APPLICATION,
        epoch: 1,
        id: message.messageId,
        body: message.envelope,
        bodyLength: message.envelope.length,
        header: new Uint8Array(),
      });
      assert.deepEqual([entry.channelId, entry.receivedMs], [channelId, receivedMs]);
      assert.deepEqual([entry.removed, entry.added, entry.membersHash], [[], [], new Uint8Array()]);
    }
    assert.equal((await world.queue(person.device)).filter(isMessage).length, 0);
  }),

  does("publish", "says where each of its entries was queued", async (world) => {
    const [ann, bob, eve] = await world.devices(3);
    const channelId = await world.channel([ann, bob, eve]);
    const { queued } = await world.delivery.publish(messageOf(ann, channelId, 1));
    const places = queued.map(({ recipientKey, seq }) => `${recipientKey} ${seq}`).sort();
    const expected = [bob, eve].map(async (device) =>
      `${device.recipientKey} ${(await world.queue(device)).at(-1)!.seq}`
    );
    assert.deepEqual(places, (await Promise.all(expected)).sort());
  }),

  does("publish", "queues nothing for a revoked member or where nobody else is", async (world) => {
    const bob = await world.person();
    const [ann] = await world.devices(1);
    const channelId = await world.channel([ann, bob.device]);
    await world.revoke(bob);
    const alone = await world.channel([ann]);
    for (const id of [channelId, alone]) {
      const { receivedMs, queued } = await world.delivery.publish(messageOf(ann, id, 1));
      assert.deepEqual([receivedMs, queued], [world.clock.nowMs, []]);
    }
  }),

  does("publish", "takes the same messageId of another device or channel as another message", async (world) => {
    const [ann, bob, eve] = await world.devices(3);
    const [one, two] = [await world.channel([ann, bob, eve]), await world.channel([ann, bob, eve])];
    const sends = [[ann, one], [bob, one], [ann, two]] as const;
    for (const order of [sends, sends.toReversed()]) {
      const messageId = random(16);
      for (const [device, channelId] of order) {
        await world.delivery.publish(messageOf(device, channelId, 1, { messageId }));
      }
    }
    assert.equal((await world.queue(eve)).filter(isMessage).length, 6);
  }),

  refuses(
    "publish",
    ErrorCode.malformed,
    "for a messageId that came with another body, at any epoch",
    async (world) => {
      const { ann, bob, channelId } = await atEpochTwo(world);
      const first = messageOf(ann, channelId, 2);
      await world.delivery.publish(first);
      const { messageId } = first;
      await refused(
        ErrorCode.malformed,
        world.delivery.publish(messageOf(ann, channelId, 2, { messageId })),
        world.delivery.publish(messageOf(ann, channelId, 1, { messageId })),
        world.delivery.publish(messageOf(ann, channelId, 9, { messageId })),
      );
      assert.equal((await world.queue(bob)).filter(isMessage).length, 1);
    },
  ),

  does("publish", "checks membership before the messageId", async (world) => {
    const [ann, bob] = await world.devices(2);
    const channelId = await world.channel([ann, bob]);
    const message = messageOf(bob, channelId, 1);
    await world.delivery.publish(message);
    await world.delivery.commit(commitOf({ sender: ann, channelId, epoch: 1, members: [ann], removed: [bob] }));
    await refused(ErrorCode.notAMember, world.delivery.publish(message));
  }),

  repeats("publish", "is answered as the first was and queued once, for 30 days and in any epoch", async (world) => {
    const [ann, bob] = await world.devices(2);
    const channelId = await world.channel([ann, bob]);
    const message = messageOf(ann, channelId, 1);
    const { receivedMs, place } = await world.delivery.publish(message);
    world.clock.nowMs += 30 * dayMs - 1;
    await world.delivery.purgeQueues({ ageMs: 90 * dayMs, after: 0 });
    await world.delivery.commit(commitOf({ sender: ann, channelId, epoch: 1, members: [ann, bob] }));
    assert.deepEqual(await world.delivery.publish(message), { receivedMs, place, queued: [] });
    assert.equal((await world.queue(bob)).filter(isMessage).length, 1);
    // The newest 64 of a device stay longer.
    const later = Array.from({ length: 64 }, () => world.delivery.publish(messageOf(ann, channelId, 2)));
    await Promise.all(later);
    world.clock.nowMs += 1;
    await world.delivery.purgeQueues({ ageMs: 90 * dayMs, after: 0 });
    await refused(ErrorCode.staleEpoch, world.delivery.publish(message));
  }),

  races("publish", "queues a message once when it comes several times at once", async (world) => {
    const [ann, bob] = await world.devices(2);
    const channelId = await world.channel([ann, bob]);
    const message = messageOf(ann, channelId, 1);
    const answers = await Promise.all([1, 2, 3].map(() => world.delivery.publish(message)));
    assert.equal(new Set(answers.map(({ receivedMs }) => receivedMs)).size, 1);
    assert.deepEqual(answers.map(({ queued }) => queued.length).sort(), [0, 0, 1]);
    assert.equal((await world.queue(bob)).filter(isMessage).length, 1);
  }),

  races("publish", "takes exactly one of two bodies that come under one messageId at once", async (world) => {
    const [ann, bob] = await world.devices(2);
    const channelId = await world.channel([ann, bob]);
    const messageId = random(16);
    const send = () => outcome(world.delivery.publish(messageOf(ann, channelId, 1, { messageId })));
    assert.deepEqual((await Promise.all([send(), send()])).sort(), ["E014", "ok"]);
    assert.equal((await world.queue(bob)).filter(isMessage).length, 1);
  }),

  races("publish", "gives all devices one order of the messages that come at once", async (world) => {
    const [ann, bob, eve, fay] = await world.devices(4);
    const channelId = await world.channel([ann, bob, eve, fay]);
    await Promise.all(
      Array.from({ length: 30 }, (_, index) => world.delivery.publish(messageOf(index % 2 ? ann : bob, channelId, 1))),
    );
    const ids = async (device: typeof ann) =>
      (await world.queue(device)).filter(isMessage).map(({ id, seq }) => ({ id: String(id), seq }));
    const [ofEve, ofFay] = [await ids(eve), await ids(fay)];
    assert.equal(new Set(ofEve.map(({ seq }) => seq)).size, 30);
    assert.deepEqual(ofEve.map(({ id }) => id), ofFay.map(({ id }) => id));
  }),

  does(
    "ephemeralRecipients",
    "gives every member but the caller and revoked ones, and stores nothing",
    async (world) => {
      const gone = await world.person();
      const [ann, bob, eve] = await world.devices(3);
      const channelId = await world.channel([ann, bob, eve, gone.device]);
      await world.revoke(gone);
      const before = await world.queue(bob);
      const found = await world.delivery.ephemeralRecipients({ sender: ann.recipientKey, channelId, epoch: 1 });
      assert.deepEqual(found.map(String).sort(), [bob, eve].map(({ recipientKey }) => String(recipientKey)).sort());
      assert.deepEqual(await world.queue(bob), before);
    },
  ),
];
