/** Behaviours of payloads to one device of a channel. */

import assert from "node:assert/strict";
import { ErrorCode } from "../../../../schema/rpc/errors.ts";
import { EntryKind } from "../../../../schema/rpc/methods.ts";
import { random } from "../../../testing/seed.ts";
import type { DeviceKeys } from "../../account_store.ts";
import type { DeliveryStore, EnqueueArgs } from "../../delivery_store.ts";
import { type Behaviour, does, races, refuses, repeats } from "../behaviour.ts";
import { messageOf, newDevice, outcome, refusalOf, refused, type World } from "../world.ts";

/** docs/limits.md. */
const maxWaiting = 100;

function payloadOf(
  sender: DeviceKeys,
  { recipientKey }: DeviceKeys,
  channelId: EnqueueArgs["channelId"],
  overrides: Partial<EnqueueArgs> = {},
): EnqueueArgs {
  const content = { messageId: random(16), body: random(40), bodyHash: random(32) };
  return { sender: sender.recipientKey, recipientKey, channelId, ...content, ...overrides };
}

const directOf = async (world: World, device: DeviceKeys) =>
  (await world.queue(device)).filter(({ kind }) => kind === EntryKind.DIRECT);

export const directBehaviours: Behaviour<keyof DeliveryStore>[] = [
  does("enqueue", "queues a payload for one device of the channel alone, durably", async (world) => {
    const [ann, bob, eve] = await world.devices(3);
    const channelId = await world.channel([ann, bob, eve]);
    const payload = payloadOf(ann, bob, channelId);
    const { receivedMs, queued } = await world.delivery.enqueue(payload);
    await world.reopen();
    const [{ seq, epoch, id, body, bodyLength, header, ...entry }] = await directOf(world, bob);
    assert.deepEqual({ epoch, id, body, bodyLength, header }, {
      epoch: 1,
      id: payload.messageId,
      body: payload.body,
      bodyLength: payload.body.length,
      header: new Uint8Array(),
    });
    assert.deepEqual([entry.channelId, entry.receivedMs, receivedMs], [
      channelId,
      world.clock.nowMs,
      world.clock.nowMs,
    ]);
    assert.deepEqual(queued, [{ recipientKey: bob.recipientKey, seq }]);
    assert.deepEqual(await directOf(world, eve), []);
  }),

  does("enqueue", "takes the same messageId for another device, or of a message, as another payload", async (world) => {
    const [ann, bob, eve] = await world.devices(3);
    const channelId = await world.channel([ann, bob, eve]);
    for (const order of [[bob, eve], [eve, bob]]) {
      const messageId = random(16);
      await world.delivery.publish(messageOf(ann, channelId, 1, { messageId }));
      for (const device of order) await world.delivery.enqueue(payloadOf(ann, device, channelId, { messageId }));
    }
    const messageId = random(16);
    await world.delivery.enqueue(payloadOf(ann, bob, channelId, { messageId }));
    await world.delivery.publish(messageOf(ann, channelId, 1, { messageId }));
    assert.deepEqual([(await directOf(world, bob)).length, (await directOf(world, eve)).length], [3, 2]);
  }),

  refuses("enqueue", ErrorCode.notAMember, "for a caller outside of the channel", async (world) => {
    const [ann, bob, eve] = await world.devices(3);
    const channelId = await world.channel([ann, bob]);
    await refused(
      ErrorCode.notAMember,
      world.delivery.enqueue(payloadOf(eve, bob, channelId)),
      world.delivery.enqueue(payloadOf(ann, bob, random(32))),
    );
  }),

  refuses("enqueue", ErrorCode.unknownRecipient, "for a recipient that is no member, or was revoked", async (world) => {
    const bob = await world.person();
    const [ann, eve] = await world.devices(2);
    const channelId = await world.channel([ann, bob.device]);
    await world.revoke(bob);
    const calls = [eve, newDevice(), bob.device].map((device) =>
      world.delivery.enqueue(payloadOf(ann, device, channelId))
    );
    await refused(ErrorCode.unknownRecipient, ...calls);
  }),

  refuses("enqueue", ErrorCode.malformed, "for a messageId that came with another body", async (world) => {
    const [ann, bob] = await world.devices(2);
    const channelId = await world.channel([ann, bob]);
    const payload = payloadOf(ann, bob, channelId);
    await world.delivery.enqueue(payload);
    await refused(ErrorCode.malformed, world.delivery.enqueue({ ...payload, bodyHash: random(32) }));
    assert.equal((await directOf(world, bob)).length, 1);
  }),

  refuses(
    "enqueue",
    ErrorCode.queueFull,
    "with 100 payloads waiting for the pair, until one is acked",
    async (world) => {
      const [ann, bob, eve] = await world.devices(3);
      const channelId = await world.channel([ann, bob, eve]);
      const payloads = Array.from({ length: maxWaiting }, () => payloadOf(ann, bob, channelId));
      await Promise.all(payloads.map((payload) => world.delivery.enqueue(payload)));
      const refusal = await refusalOf(world.delivery.enqueue(payloadOf(ann, bob, channelId)));
      assert.deepEqual([refusal.code, refusal.retryAfterMs], [ErrorCode.queueFull, 60_000]);
      await world.delivery.enqueue(payloadOf(eve, bob, channelId));
      await world.delivery.enqueue(payloadOf(ann, eve, channelId));
      assert.deepEqual((await world.delivery.enqueue(payloads[0])).queued, [], "a repeat is answered");
      const [{ seq }] = await directOf(world, bob);
      await world.delivery.ackEntries({ recipientKey: bob.recipientKey, seqs: [seq] });
      await world.delivery.enqueue(payloadOf(ann, bob, channelId));
    },
  ),

  refuses(
    "enqueue",
    ErrorCode.queueFull,
    "with 300 payloads or 8 MiB of an account waiting for a device, whichever of its devices sent them",
    async (world) => {
      const ann = await world.person();
      const more = await Promise.all(Array.from({ length: 3 }, () => world.signIn(ann)));
      const own = [ann.device, ...more.map(({ device }) => device)];
      await world.list(ann, 1, own);
      const [bob, eve, carl] = await world.devices(3);
      const channelId = await world.channel([...own, bob, eve, carl]);
      const send = (from: DeviceKeys, to: DeviceKeys, bytes: number) =>
        world.delivery.enqueue(payloadOf(from, to, channelId, { body: new Uint8Array(bytes) }));
      for (const device of own.slice(0, 3)) {
        await Promise.all(Array.from({ length: maxWaiting }, () => send(device, bob, 1)));
      }
      await refused(ErrorCode.queueFull, send(own[3], bob, 1));
      await send(own[3], eve, 1);
      await send(eve, bob, 1);
      for (const device of own.slice(0, 2)) {
        await Promise.all(Array.from({ length: 64 }, () => send(device, carl, 65_536)));
      }
      await refused(ErrorCode.queueFull, send(own[2], carl, 1));
    },
  ),

  repeats("enqueue", "is answered as the first was and queued once", async (world) => {
    const [ann, bob] = await world.devices(2);
    const channelId = await world.channel([ann, bob]);
    const payload = payloadOf(ann, bob, channelId);
    const { receivedMs } = await world.delivery.enqueue(payload);
    await world.empty(bob);
    world.clock.nowMs += 1000;
    assert.deepEqual(await world.delivery.enqueue(payload), { receivedMs, queued: [] });
    assert.deepEqual(await world.queue(bob), []);
  }),

  races("enqueue", "queues a payload once when it comes twice at once", async (world) => {
    const [ann, bob] = await world.devices(2);
    const channelId = await world.channel([ann, bob]);
    const payload = payloadOf(ann, bob, channelId);
    const answers = await Promise.all([world.delivery.enqueue(payload), world.delivery.enqueue(payload)]);
    assert.deepEqual(answers.map(({ queued }) => queued.length).sort(), [0, 1]);
    assert.equal((await directOf(world, bob)).length, 1);
  }),

  races("enqueue", "lets exactly one of two calls take the last place of the pair", async (world) => {
    const [ann, bob] = await world.devices(2);
    const channelId = await world.channel([ann, bob]);
    const send = () => world.delivery.enqueue(payloadOf(ann, bob, channelId));
    await Promise.all(Array.from({ length: maxWaiting - 1 }, send));
    const outcomes = await Promise.all([send(), send()].map(outcome));
    assert.deepEqual(outcomes.sort(), ["E013", "ok"]);
    assert.equal((await directOf(world, bob)).length, maxWaiting);
  }),
];
