/** Behaviours of an account's channels, by which others are told of its device list. */

import assert from "node:assert/strict";
import { random } from "../../../testing/seed.ts";
import type { DeliveryStore } from "../../delivery_store.ts";
import { type Behaviour, does } from "../behaviour.ts";

export const accountChannelBehaviours: Behaviour<keyof DeliveryStore>[] = [
  does("accountChannels", "gives the account's devices, its channels, and who takes entries there", async (world) => {
    const [ann, bob, eve] = [await world.person(), await world.person(), await world.person()];
    const { device: second } = await world.signIn(ann);
    await world.list(ann, 1, [ann.device, second]);
    const { device: unlisted } = await world.signIn(ann);
    const both = await world.channel([bob.device, ann.device, second]);
    const own = await world.channel([second]);
    await world.channel([bob.device, eve.device]);
    await world.revoke(bob);
    const { version, own: devices, channels } = await world.delivery.accountChannels({
      accountKey: ann.accountKey,
      most: 100,
    });
    assert.equal(version, 2);
    const sorted = (keys: Uint8Array[]) => keys.map(String).sort();
    assert.deepEqual(sorted(devices), sorted([ann.recipientKey, second.recipientKey]));
    assert.ok(!sorted(devices).includes(String(unlisted.recipientKey)));
    assert.deepEqual(
      channels.map(({ channelId, devices }) => [
        channelId,
        sorted(devices.map(({ recipientKey }) => recipientKey)),
        devices.map(({ own }) => own),
      ]),
      [
        [own, sorted([second.recipientKey]), [true]],
        [both, sorted([ann.recipientKey, second.recipientKey]), [true, true]],
      ],
      "a revoked device is left out, and the newest channel comes first",
    );
  }),

  does(
    "accountChannels",
    "reads a bounded number of members, and nothing for an account without channels",
    async (world) => {
      const [ann, bob] = [await world.person(), await world.person()];
      for (let index = 0; index < 3; index++) await world.channel([ann.device, bob.device]);
      const ask = async (accountKey: typeof ann.accountKey, most: number) =>
        (await world.delivery.accountChannels({ accountKey, most })).channels.map(({ devices }) => devices.length);
      assert.deepEqual(await ask(ann.accountKey, 0), []);
      assert.deepEqual(await ask(ann.accountKey, 3), [2, 1]);
      assert.deepEqual(await ask((await world.person()).accountKey, 100), []);
      assert.deepEqual(await world.delivery.accountChannels({ accountKey: random(32), most: 9 }), {
        version: 0,
        own: [],
        channels: [],
      });
    },
  ),
];
