import assert from "node:assert/strict";
import { authentication } from "../../schema/rpc/methods.ts";
import { answerOf, newDevice, Rig, type TestAccount } from "./testing/rig.ts";
import { makeKeyPackage, makeLastResort } from "./testing/key_packages.ts";
import { none, uploader } from "./testing/uploader.ts";

const hourMs = 3_600_000;
const hour = 3600;

Deno.test("fetchKeyPackage hands out each one once, the newest first, then the last resort, then E024", async () => {
  const { rig, alice, base } = await uploader();
  const bob = await rig.account("bob");
  const [first, second] = [await makeKeyPackage(base), await makeKeyPackage(base)];
  const fetch = () =>
    bob.client.call(authentication.fetchKeyPackage, {
      accountKey: alice.list.accountKey,
      deviceIds: [],
      linkToken: none,
    });
  const noneLeft = await fetch().catch((error) => error);
  assert.match(
    noneLeft.message,
    new RegExp(`^E024.*${Array.from(alice.device.deviceId, (byte) => byte.toString(16).padStart(2, "0")).join("")}`),
  );
  await alice.client.call(authentication.uploadKeyPackages, { keyPackages: [first, second], lastResort: none });
  assert.deepEqual(await fetch(), {
    keyPackages: [{ deviceId: alice.device.deviceId, keyPackage: second, lastResort: false }],
  });
  assert.deepEqual((await fetch()).keyPackages[0].keyPackage, first);
  assert.equal(await answerOf(fetch()), "E024");
  const lastResort = await makeLastResort(base);
  assert.deepEqual(
    await alice.client.call(authentication.uploadKeyPackages, { keyPackages: [first, second], lastResort }),
    { available: 0 },
    "what was handed out does not come back",
  );
  for (let times = 0; times < 3; times++) {
    assert.deepEqual(await fetch(), {
      keyPackages: [{ deviceId: alice.device.deviceId, keyPackage: lastResort, lastResort: true }],
    });
  }
  const renewed = await makeLastResort(base);
  await alice.client.call(authentication.uploadKeyPackages, { keyPackages: [], lastResort: renewed });
  assert.deepEqual((await fetch()).keyPackages[0].keyPackage, renewed);
});

Deno.test("fetchKeyPackage answers calls at the same time with different KeyPackages", async () => {
  const { rig, alice, base } = await uploader();
  const [bob, carol] = [await rig.account("bob"), await rig.account("carol")];
  const keyPackages = await Promise.all(Array.from({ length: 20 }, () => makeKeyPackage(base)));
  await alice.client.call(authentication.uploadKeyPackages, { keyPackages, lastResort: none });
  const fetched = await Promise.all(
    keyPackages.map((_, index) =>
      (index % 2 ? bob : carol).client.call(authentication.fetchKeyPackage, {
        accountKey: alice.list.accountKey,
        deviceIds: [alice.device.deviceId],
        linkToken: none,
      })
    ),
  );
  assert.equal(new Set(fetched.map(({ keyPackages }) => keyPackages[0].keyPackage.join())).size, 20);
});

Deno.test("fetchKeyPackage gives one of each listed device or none at all, E012 for unknown devices", async () => {
  const { rig, alice, base } = await uploader();
  const bob = await rig.account("bob");
  const second = await newDevice();
  const client = await alice.signIn(second);
  await alice.putList(await alice.nextList([second]));
  const keyPackages = [await makeKeyPackage(base), await makeKeyPackage(base)];
  await alice.client.call(authentication.uploadKeyPackages, { keyPackages, lastResort: none });
  const fetch = (deviceIds: Uint8Array<ArrayBuffer>[], accountKey = alice.list.accountKey) =>
    bob.client.call(authentication.fetchKeyPackage, { accountKey, deviceIds, linkToken: none });
  assert.equal(await answerOf(fetch([])), "E024");
  assert.equal((await alice.client.call(authentication.countKeyPackages, {})).available, 2, "nothing was used up");
  const seconds = await makeKeyPackage({ ...base, device: second, credential: await alice.credential(second) });
  await client.call(authentication.uploadKeyPackages, { keyPackages: [seconds], lastResort: none });
  const all = await fetch([]);
  assert.deepEqual(
    new Set(all.keyPackages.map(({ keyPackage }) => keyPackage.join())),
    new Set([keyPackages[1].join(), seconds.join()]),
  );
  assert.deepEqual((await fetch([alice.device.deviceId])).keyPackages.map(({ keyPackage }) => keyPackage), [
    keyPackages[0],
  ]);
  assert.equal(await answerOf(fetch([new Uint8Array(16)])), "E012");
  assert.equal(await answerOf(fetch([bob.device.deviceId])), "E012");
  assert.equal(await answerOf(fetch([], new Uint8Array(32))), "E012");
  assert.equal(await answerOf(fetch([], new Uint8Array(31))), "E014");
  assert.equal(await answerOf(fetch([new Uint8Array(15)])), "E014");
  assert.equal(await answerOf(fetch([alice.device.deviceId, alice.device.deviceId])), "E014");
});

Deno.test("fetchKeyPackage hands one out for 24 h by the server's clock, and never before not_before", async () => {
  const { rig, alice, base } = await uploader();
  const bob = await rig.account("bob");
  const fetch = () =>
    answerOf(
      bob.client.call(authentication.fetchKeyPackage, {
        accountKey: alice.list.accountKey,
        deviceIds: [],
        linkToken: none,
      }),
    );
  await alice.client.call(authentication.uploadKeyPackages, {
    keyPackages: [await makeKeyPackage(base), await makeKeyPackage(base)],
    lastResort: none,
  });
  rig.nowMs += 24 * hourMs - 1;
  assert.equal(await fetch(), "ok");
  rig.nowMs += 1;
  assert.equal(await fetch(), "E024");
  const early = await makeKeyPackage({ ...base, nowMs: rig.nowMs, notBefore: 60, notAfter: 20 * hour });
  await alice.client.call(authentication.uploadKeyPackages, { keyPackages: [early], lastResort: none });
  assert.equal(await fetch(), "E024");
  rig.nowMs += 60_000;
  assert.equal(await fetch(), "ok");
});

Deno.test("PEOPLE A7: fetchKeyPackage gives one account 18 a day of a device, however it asks, with E005", async () => {
  const rig = new Rig();
  const [alice, bob, carol] = [await rig.account("alice"), await rig.account("bob"), await rig.account("carol")];
  const base = { device: alice.device, credential: await alice.credential(), nowMs: rig.nowMs };
  const keyPackages = await Promise.all(Array.from({ length: 20 }, () => makeKeyPackage(base)));
  await alice.client.call(authentication.uploadKeyPackages, { keyPackages, lastResort: await makeLastResort(base) });
  const second = await newDevice();
  const bobsSecond = await bob.signIn(second);
  await bob.putList(await bob.nextList([second]));
  const fetch = (client: TestAccount["client"], deviceIds: Uint8Array<ArrayBuffer>[] = []) =>
    client.call(authentication.fetchKeyPackage, { accountKey: alice.list.accountKey, deviceIds, linkToken: none });
  for (let times = 0; times < 6; times++) {
    await fetch(bob.client);
    await fetch(bob.client, [alice.device.deviceId]);
    await fetch(bobsSecond);
  }
  assert.equal(
    await answerOf(fetch(bob.client, [bob.device.deviceId])),
    "E012",
    "what comes to nothing is not counted",
  );
  for (const ids of [[], [alice.device.deviceId]]) {
    const error = await fetch(bobsSecond, ids).then(() => undefined, (refused) => refused);
    assert.match(error.message, /^E005/);
    assert.equal(error.retryAfterMs, 24 * hourMs);
  }
  assert.deepEqual(await alice.client.call(authentication.countKeyPackages, {}), { available: 2, lastResort: true });
  assert.equal(await answerOf(fetch(carol.client)), "ok", "everybody else is served");
  rig.nowMs += 24 * hourMs;
  assert.equal(await answerOf(fetch(bob.client)), "ok");
});

Deno.test("PEOPLE A7: an account fetches for its own devices without the limit of a day", async () => {
  const rig = new Rig();
  const alice = await rig.account("alice");
  const base = { device: alice.device, credential: await alice.credential(), nowMs: rig.nowMs };
  await alice.client.call(authentication.uploadKeyPackages, {
    keyPackages: [],
    lastResort: await makeLastResort(base),
  });
  const fetch = () =>
    alice.client.call(authentication.fetchKeyPackage, {
      accountKey: alice.list.accountKey,
      deviceIds: [],
      linkToken: none,
    });
  for (let times = 0; times < 25; times++) assert.equal(await answerOf(fetch()), "ok");
});

Deno.test("PEOPLE A7: a last resort that was handed out does not count as one, and still is handed out", async () => {
  const { rig, alice, base } = await uploader();
  const bob = await rig.account("bob");
  const counted = async () => (await alice.client.call(authentication.countKeyPackages, {})).lastResort;
  const fetch = async () =>
    (await bob.client.call(authentication.fetchKeyPackage, {
      accountKey: alice.list.accountKey,
      deviceIds: [],
      linkToken: none,
    }))
      .keyPackages[0].lastResort;
  await alice.client.call(authentication.uploadKeyPackages, {
    keyPackages: [],
    lastResort: await makeLastResort(base),
  });
  assert.equal(await counted(), true);
  assert.equal(await fetch(), true);
  assert.equal(await counted(), false);
  assert.equal(await fetch(), true);
  await alice.client.call(authentication.uploadKeyPackages, {
    keyPackages: [],
    lastResort: await makeLastResort(base),
  });
  assert.equal(await counted(), true);
});

Deno.test("fetchKeyPackage is limited per caller and target with E005", async () => {
  const rig = new Rig({ config: { fetchKeyPackagePerMinute: 2 } });
  const [alice, bob, carol] = [await rig.account("alice"), await rig.account("bob"), await rig.account("carol")];
  const fetch = (caller: TestAccount, target: TestAccount) =>
    answerOf(
      caller.client.call(authentication.fetchKeyPackage, {
        accountKey: target.list.accountKey,
        deviceIds: [],
        linkToken: none,
      }),
    );
  assert.deepEqual([await fetch(bob, alice), await fetch(bob, alice), await fetch(bob, alice)], [
    "E024",
    "E024",
    "E005",
  ]);
  assert.equal(await fetch(bob, carol), "E024");
  assert.equal(await fetch(carol, alice), "E024");
  rig.nowMs += 30_000;
  assert.deepEqual([await fetch(bob, alice), await fetch(bob, alice)], ["E024", "E005"]);
});
