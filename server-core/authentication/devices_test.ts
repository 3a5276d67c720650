import assert from "node:assert/strict";
import { signDeviceList } from "../../schema/device_list.ts";
import { generateEd25519 } from "../../schema/ed25519.ts";
import { authentication } from "../../schema/rpc/methods.ts";
import { makeKeyPackage } from "./testing/key_packages.ts";
import { answerOf, newDevice, Rig } from "./testing/rig.ts";

const none = new Uint8Array();

Deno.test("putDeviceList puts a new device in, and the directory shows the list as it was signed", async () => {
  const rig = new Rig();
  const alice = await rig.account("alice");
  const second = await newDevice();
  await alice.signIn(second);
  await alice.putList(await alice.nextList([second]));
  const { account } = await alice.client.call(authentication.lookup, { username: "alice" });
  assert.deepEqual(account.devices, alice.signed);
  assert.equal(
    rig.store.db.get<{ enrolled: number }>("SELECT enrolled FROM devices WHERE recipient_key = ?", second.recipientKey)!
      .enrolled,
    1,
  );
});

Deno.test("a device that is revoked loses its sessions, KeyPackages and queue in the same transaction", async () => {
  const rig = new Rig();
  const alice = await rig.account("alice");
  const second = await newDevice();
  const client = await alice.signIn(second);
  await alice.putList(await alice.nextList([second]));
  const keyPackage = await makeKeyPackage({
    device: second,
    credential: await alice.credential(second),
    nowMs: rig.nowMs,
  });
  assert.equal(
    await answerOf(client.call(authentication.uploadKeyPackages, { keyPackages: [keyPackage], lastResort: none })),
    "ok",
  );
  const [{ sessionId }] = (await client.call(authentication.listSessions, {})).sessions.filter(({ current }) =>
    current
  );

  await alice.putList(await alice.nextList([], [second]));
  assert.equal(await answerOf(client.call(authentication.getVault, {})), "E003", "and is told why");
  assert.deepEqual(rig.ended, [sessionId]);
  assert.equal(rig.store.db.get("SELECT 1 FROM key_packages WHERE device_id = ?", second.deviceId), undefined);
  assert.deepEqual(rig.store.db.get("SELECT enrolled FROM devices WHERE device_id = ?", second.deviceId), {
    enrolled: 0,
  });
  assert.deepEqual(rig.store.db.get("SELECT dropped FROM queues WHERE recipient_key = ?", second.recipientKey), {
    dropped: 1,
  });
  assert.equal(
    await answerOf(
      alice.client.call(authentication.fetchKeyPackage, {
        accountKey: alice.list.accountKey,
        deviceIds: [second.deviceId],
        linkToken: new Uint8Array(),
      }),
    ),
    "E012",
  );
  assert.equal(await answerOf(alice.signIn(second)), "E003");
  await rig.store.accounts.purgeExpired();
  assert.equal(await answerOf(alice.signIn(second)), "E003");
  assert.equal(await answerOf(client.call(authentication.getVault, {})), "E003", "however much later it comes back");
});

Deno.test("a device may revoke itself, and a device that only signed in can be revoked", async () => {
  const rig = new Rig();
  const alice = await rig.account("alice");
  const second = await newDevice();
  const client = await alice.signIn(second);
  await alice.putList(await alice.nextList([], [second]));
  assert.equal(await answerOf(client.call(authentication.getVault, {})), "E003");
  await alice.putList(await alice.nextList([], [alice.device]));
  assert.equal(await answerOf(alice.client.call(authentication.getVault, {})), "E003");
});

Deno.test("putDeviceList answers E015 to a list that does not follow the stored one", async () => {
  const rig = new Rig();
  const alice = await rig.account("alice");
  const bob = await rig.account("bob");
  const second = await newDevice();
  await alice.signIn(second);
  await alice.putList(await alice.nextList([second]));
  const third = await newDevice();
  await alice.signIn(third);
  await alice.putList(await alice.nextList([third], [second]));
  const put = async (changes: object) => answerOf(alice.putList(await alice.nextList([], [], changes)));
  assert.equal(await put({ version: alice.list.version }), "E015");
  assert.equal(await put({ version: alice.list.version + 2 }), "E015");
  assert.equal(await put({ prevHash: new Uint8Array(32) }), "E015");
  assert.equal(await put({ username: "alice2" }), "E015");
  assert.equal(await put({ revoked: [] }), "E015", "a revoked one is forgotten");
  assert.equal(
    await put({
      revoked: [],
      devices: [...alice.list.devices, { deviceId: second.deviceId, recipientKey: second.recipientKey }],
    }),
    "E015",
    "a revoked one is back",
  );
  assert.equal(await put({ devices: alice.list.devices.slice(1) }), "E015", "one vanished");
  const { signed } = await bob.nextList([]);
  const [list, signature] = [signed.list, signed.signature];
  assert.equal(
    await answerOf(
      alice.client.call(authentication.putDeviceList, {
        devices: signed,
        proof: await alice.proof("putDeviceList", [list, signature]),
      }),
    ),
    "E015",
    "another account's list",
  );
  assert.equal(await put({}), "ok");
});

Deno.test("SERVERS 10: after 1,000 revocations an account revokes more; what is forgotten stays out", async () => {
  const rig = new Rig();
  const alice = await rig.account("alice");
  const [lost, second] = [await newDevice(), await newDevice()];
  const put = async (...next: Parameters<typeof alice.nextList>) =>
    answerOf(alice.putList(await alice.nextList(...next)));
  await alice.signIn(lost);
  assert.equal(await put([], [lost]), "ok");
  const others = Array.from({ length: 999 }, () => crypto.getRandomValues(new Uint8Array(16)));
  assert.equal(await put([], [], { revoked: [lost.deviceId, ...others] }), "ok");
  await alice.signIn(second);
  assert.equal(await put([second]), "ok");
  assert.equal(await put([], [second], { revoked: [...others, second.deviceId] }), "ok");
  assert.equal(await answerOf(alice.signIn(lost)), "E003", "the server remembers");
  assert.equal(await put([lost]), "E023", "and does not enrol it again");
  assert.equal(await put([], [], { revoked: others }), "E015", "one that it need not forget");
});

Deno.test("SERVERS 10: putDeviceList looks at the nonce before it opens the list", async () => {
  const rig = new Rig();
  const alice = await rig.account("alice");
  const malformed = { list: new Uint8Array(100_000), signature: new Uint8Array(64) };
  const proof = await alice.proof("putDeviceList", [malformed.list, malformed.signature]);
  const put = () => answerOf(alice.client.call(authentication.putDeviceList, { devices: malformed, proof }));
  assert.equal(await put(), "E014", "the proof is right");
  assert.equal(await put(), "E023", "the nonce is used up");
});

Deno.test("putDeviceList answers E014 to a malformed or wrongly signed list, E023 without a proof", async () => {
  const rig = new Rig();
  const alice = await rig.account("alice");
  const next = await alice.nextList([]);
  const forged = await signDeviceList(next.list, (await generateEd25519()).seed);
  const put = async (devices: { list: Uint8Array<ArrayBuffer>; signature: Uint8Array<ArrayBuffer> }) =>
    answerOf(
      alice.client.call(authentication.putDeviceList, {
        devices,
        proof: await alice.proof("putDeviceList", [devices.list, devices.signature]),
      }),
    );
  assert.equal(await put(forged), "E014");
  assert.equal(await put({ ...next.signed, list: next.signed.list.slice(1) }), "E014");
  assert.equal(await put({ list: none, signature: none }), "E014");
  assert.equal(
    await answerOf(
      alice.client.call(authentication.putDeviceList, {
        devices: next.signed,
        proof: { nonce: none, signature: none },
      }),
    ),
    "E023",
  );
  assert.equal(await put(next.signed), "ok");
});

Deno.test("putDeviceList answers E023 to a device that never signed in, and stores nothing", async () => {
  const rig = new Rig();
  const [alice, bob] = [await rig.account("alice"), await rig.account("bob")];
  for (const stranger of [await newDevice(), bob.device]) {
    assert.equal(await answerOf(alice.putList(await alice.nextList([stranger]))), "E023");
  }
  const { account } = await alice.client.call(authentication.lookup, { username: "alice" });
  assert.deepEqual(account.devices, alice.signed);
});

Deno.test("putDeviceList lets one of two lists of the same version through", async () => {
  const rig = new Rig();
  const alice = await rig.account("alice");
  const [second, third] = [await newDevice(), await newDevice()];
  await alice.signIn(second);
  await alice.signIn(third);
  const nexts = [await alice.nextList([second]), await alice.nextList([third])];
  const answers = await Promise.all(nexts.map((next) => answerOf(alice.putList(next))));
  assert.deepEqual(answers.sort(), ["E015", "ok"]);
});

Deno.test("purgeExpired() deletes devices that signed in, never enrolled, and have no session any more", async () => {
  const rig = new Rig();
  const alice = await rig.account("alice");
  const second = await newDevice();
  const client = await alice.signIn(second);
  await rig.store.accounts.purgeExpired();
  assert.ok(rig.store.db.get("SELECT 1 FROM devices WHERE device_id = ?", second.deviceId));
  await client.call(authentication.logout, {});
  await rig.store.accounts.purgeExpired();
  assert.equal(rig.store.db.get("SELECT 1 FROM devices WHERE device_id = ?", second.deviceId), undefined);
  assert.ok(rig.store.db.get("SELECT 1 FROM devices WHERE device_id = ?", alice.device.deviceId));
});
