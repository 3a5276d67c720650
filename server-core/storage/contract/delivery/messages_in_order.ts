/** Behaviours of messages that one sender publishes in an order. */

import assert from "node:assert/strict";
import type { Bytes } from "../../../../schema/bytes.ts";
import { ErrorCode } from "../../../../schema/rpc/errors.ts";
import { EntryKind } from "../../../../schema/rpc/methods.ts";
import { random } from "../../../testing/seed.ts";
import type { DeliveryStore, OrderedMessage } from "../../delivery_store.ts";
import { type Behaviour, does, races, refuses, repeats } from "../behaviour.ts";
import { commitOf, messageOf, refused, type World } from "../world.ts";

const { malformed, epochConflict, staleEpoch } = ErrorCode;

function messages(count: number, epoch = 1): OrderedMessage[] {
  return Array.from({ length: count }, () => ({
    epoch,
    messageId: random(16),
    envelope: random(100),
    bodyHash: random(32),
  }));
}

const send = (world: World, sender: { recipientKey: Bytes }, channelId: Bytes, messages: OrderedMessage[]) =>
  world.delivery.publishInOrder({ sender: sender.recipientKey, channelId, messages });

/** @returns the ids of the messages in the queue, in its order */
async function idsOf(world: World, device: Parameters<World["queue"]>[0]): Promise<string[]> {
  return (await world.queue(device)).filter(({ kind }) => kind === EntryKind.APPLICATION).map(({ id }) => String(id));
}

const ids = (of: OrderedMessage[]) => of.map(({ messageId }) => String(messageId));
const codes = (answers: { code: number }[]) => answers.map(({ code }) => code);

export const orderedMessageBehaviours: Behaviour<keyof DeliveryStore>[] = [
  does("publishInOrder", "queues all messages in their order, durably, and says where", async (world) => {
    const [ann, bob, eve] = await world.devices(3);
    const channelId = await world.channel([ann, bob, eve]);
    const sent = messages(16);
    const answers = await send(world, ann, channelId, sent);
    await world.reopen();
    for (const device of [bob, eve]) {
      assert.deepEqual(await idsOf(world, device), ids(sent));
      const queue = (await world.queue(device)).slice(-16);
      assert.deepEqual(queue.map(({ body }) => body), sent.map(({ envelope }) => envelope));
      const places = answers.map((answer) =>
        "queued" in answer &&
        answer.queued.find(({ recipientKey }) => String(recipientKey) === String(device.recipientKey))?.seq
      );
      assert.deepEqual(places, queue.map(({ seq }) => seq));
    }
    assert.deepEqual(answers.map(({ receivedMs }) => receivedMs), sent.map(() => world.clock.nowMs));
    assert.deepEqual(await idsOf(world, ann), []);
  }),

  does("publishInOrder", "stores nothing behind a refused message, and ends its answers there", async (world) => {
    const [ann, bob] = await world.devices(2);
    const channelId = await world.channel([ann, bob]);
    const taken = messageOf(ann, channelId, 1);
    await world.delivery.publish(taken);
    const [first, wrong, last] = messages(3);
    const answers = await send(world, ann, channelId, [first, { ...wrong, messageId: taken.messageId }, last]);
    assert.deepEqual(codes(answers), [0, malformed]);
    assert.deepEqual(await idsOf(world, bob), ids([taken, first]));
    assert.deepEqual(codes(await send(world, ann, channelId, [last])), [0]);
  }),

  does("publishInOrder", "answers each message of an epoch that is over, as stored or as refused", async (world) => {
    const [ann, bob] = await world.devices(2);
    const channelId = await world.channel([ann, bob]);
    const [stored, first, last, ahead] = messages(4);
    await send(world, bob, channelId, [stored]);
    await world.delivery.commit(commitOf({ sender: ann, channelId, epoch: 1, members: [ann, bob] }));
    assert.deepEqual(codes(await send(world, bob, channelId, [first, stored, last])), [
      epochConflict,
      0,
      epochConflict,
    ]);
    const present = { ...ahead, epoch: 2 };
    assert.deepEqual(
      codes(await send(world, bob, channelId, [first, present])),
      [epochConflict],
      "it is not overtaken",
    );
    await world.empty(bob);
    assert.deepEqual(codes(await send(world, bob, channelId, [first, stored])), [staleEpoch, 0]);
    assert.deepEqual(await idsOf(world, ann), ids([stored]));
  }),

  refuses("publishInOrder", ErrorCode.notAMember, "for a stranger and an unknown channel", async (world) => {
    const [ann, stranger] = await world.devices(2);
    const channelId = await world.channel([ann]);
    await refused(
      ErrorCode.notAMember,
      send(world, stranger, channelId, messages(2)),
      send(world, ann, random(32), messages(2)),
    );
  }),

  repeats("publishInOrder", "answers as it first did, and stores what it has not", async (world) => {
    const [ann, bob] = await world.devices(2);
    const channelId = await world.channel([ann, bob]);
    const sent = messages(5);
    const [{ receivedMs }] = await send(world, ann, channelId, sent.slice(0, 3));
    world.clock.nowMs += 7;
    const answers = await send(world, ann, channelId, sent);
    assert.deepEqual(answers.map((answer) => answer.receivedMs - receivedMs), [0, 0, 0, 7, 7]);
    assert.deepEqual(await idsOf(world, bob), ids(sent));
  }),

  races(
    "publishInOrder",
    "keeps the order of each call when several come at once, and their repeats",
    async (world) => {
      const [ann, bob, eve] = await world.devices(3);
      const channelId = await world.channel([ann, bob, eve]);
      const [one, two] = [messages(16), messages(16)];
      await Promise.all(
        [[ann, one], [bob, two], [ann, one], [bob, two]].map(([device, of]) =>
          send(world, device as typeof ann, channelId, of as OrderedMessage[])
        ),
      );
      const queued = await idsOf(world, eve);
      assert.equal(queued.length, 32);
      for (const said of [ids(one), ids(two)]) assert.deepEqual(queued.filter((id) => said.includes(id)), said);
    },
  ),
];
