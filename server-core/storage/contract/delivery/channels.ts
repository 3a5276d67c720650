/** Behaviours of channels: their creation, and their state for members. */

import assert from "node:assert/strict";
import { ErrorCode } from "../../../../schema/rpc/errors.ts";
import { random } from "../../../testing/seed.ts";
import type { DeliveryStore } from "../../delivery_store.ts";
import { type Behaviour, does, races, refuses, repeats } from "../behaviour.ts";
import { commitOf, outcome, refused } from "../world.ts";

/** docs/limits.md. */
const maxChannels = 1000;

export const channelBehaviours: Behaviour<keyof DeliveryStore>[] = [
  does("createChannel", "makes a channel at epoch 0 whose only member is its creator, and keeps it", async (world) => {
    const [{ recipientKey }] = await world.devices(1);
    const channelId = random(32);
    await world.delivery.createChannel({ creator: recipientKey, channelId });
    await world.reopen();
    assert.deepEqual(await world.delivery.channelState({ member: recipientKey, channelId }), {
      epoch: 0,
      members: [recipientKey],
    });
  }),

  repeats("createChannel", "leaves a channel as it is when its creator makes it again", async (world) => {
    const [ann, bob] = await world.devices(2);
    const channelId = await world.channel([ann, bob]);
    await world.delivery.createChannel({ creator: ann.recipientKey, channelId });
    const { epoch, members } = await world.delivery.channelState({ member: ann.recipientKey, channelId });
    assert.deepEqual([epoch, members.length], [1, 2]);
  }),

  refuses("createChannel", ErrorCode.forbidden, "when another device has made the channel", async (world) => {
    const [ann, bob] = await world.devices(2);
    const channelId = await world.channel([ann]);
    await refused(ErrorCode.forbidden, world.delivery.createChannel({ creator: bob.recipientKey, channelId }));
    await refused(ErrorCode.notAMember, world.delivery.channelState({ member: bob.recipientKey, channelId }));
  }),

  refuses("createChannel", ErrorCode.quotaExceeded, "after 1,000 channels of the device alone", async (world) => {
    const [ann, bob] = await world.devices(2);
    const make = (creator: typeof ann) =>
      world.delivery.createChannel({ creator: creator.recipientKey, channelId: random(32) });
    await Promise.all(Array.from({ length: maxChannels }, () => make(ann)));
    await refused(ErrorCode.quotaExceeded, make(ann));
    await make(bob);
  }),

  races("createChannel", "gives the channel to exactly one of two devices that make it at once", async (world) => {
    const devices = await world.devices(2);
    const channelId = random(32);
    const make = ({ recipientKey }: typeof devices[0]) =>
      outcome(world.delivery.createChannel({ creator: recipientKey, channelId }));
    const outcomes = await Promise.all(devices.map(make));
    assert.deepEqual([...outcomes].sort(), ["E003", "ok"]);
    const { recipientKey } = devices[outcomes.indexOf("ok")];
    assert.deepEqual((await world.delivery.channelState({ member: recipientKey, channelId })).members, [recipientKey]);
  }),

  does("channelState", "gives the epoch and all members in the order of their keys", async (world) => {
    const devices = await world.devices(5);
    const channelId = await world.channel(devices);
    const { epoch, members } = await world.delivery.channelState({ member: devices[3].recipientKey, channelId });
    assert.equal(epoch, 1);
    assert.deepEqual(members.map(String).sort(), devices.map(({ recipientKey }) => String(recipientKey)).sort());
    assert.deepEqual(members, members.toSorted((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]));
  }),

  does("channelState", "counts a revoked device as a member until a commit removes it", async (world) => {
    const [ann, bob] = [await world.person(), await world.person()];
    const channelId = await world.channel([ann.device, bob.device]);
    await world.revoke(bob);
    const members = async () =>
      (await world.delivery.channelState({ member: ann.recipientKey, channelId })).members.length;
    assert.equal(await members(), 2);
    await world.delivery.commit(
      commitOf({ sender: ann.device, channelId, epoch: 1, members: [ann.device], removed: [bob.device] }),
    );
    assert.equal(await members(), 1);
  }),

  refuses(
    "channelState",
    ErrorCode.notAMember,
    "for a stranger, an unknown channel, a removed member and a revoked device",
    async (world) => {
      const [ann, bob] = [await world.person(), await world.person()];
      const [stranger, removed] = await world.devices(2);
      const channelId = await world.channel([ann.device, bob.device, removed]);
      const members = [ann.device, bob.device];
      await world.delivery.commit(commitOf({ sender: ann.device, channelId, epoch: 1, members, removed: [removed] }));
      await world.revoke(bob);
      const ask = (member: typeof stranger, id = channelId) =>
        world.delivery.channelState({ member: member.recipientKey, channelId: id });
      await refused(ErrorCode.notAMember, ask(stranger), ask(ann.device, random(32)), ask(removed), ask(bob.device));
    },
  ),
];
