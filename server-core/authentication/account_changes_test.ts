import assert from "node:assert/strict";
import { authentication } from "../../schema/rpc/methods.ts";
import { makeKeyPackage } from "./testing/key_packages.ts";
import { newDevice, Rig } from "./testing/rig.ts";

const none = new Uint8Array();

Deno.test("PEOPLE B1: others are told when a device can be added, which is from its first KeyPackages on", async () => {
  const rig = new Rig();
  const alice = await rig.account("alice");
  const second = await newDevice();
  const client = await alice.signIn(second);
  await alice.putList(await alice.nextList([second]));
  assert.deepEqual(rig.changes, [], "there is nothing to do for anybody yet");
  const upload = async () => {
    const credential = await alice.credential(second);
    const keyPackage = await makeKeyPackage({ device: second, credential, nowMs: rig.nowMs });
    await client.call(authentication.uploadKeyPackages, { keyPackages: [keyPackage], lastResort: none });
  };
  await client.call(authentication.uploadKeyPackages, { keyPackages: [], lastResort: none });
  assert.deepEqual(rig.changes, []);
  for (let index = 0; index < 3; index++) await upload();
  const { accountKey } = alice.list;
  assert.deepEqual(rig.changes, [{ accountKey, to: "all", by: second.recipientKey, acts: false }], "once");
});

Deno.test("PEOPLE B1: others are told at once of a device that has left a list", async () => {
  const rig = new Rig();
  const alice = await rig.account("alice");
  const second = await newDevice();
  await alice.signIn(second);
  await alice.putList(await alice.nextList([second]));
  await alice.putList(await alice.nextList([], [second]));
  const { accountKey } = alice.list;
  assert.deepEqual(rig.changes, [{ accountKey, to: "all", by: alice.device.recipientKey, acts: true }]);
});
