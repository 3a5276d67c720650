/** `deleteAccount`: who may, what goes, and what a repeat is told. */

import assert from "node:assert/strict";
import { concat } from "../../schema/bytes.ts";
import { openDeviceList, type SignedDeviceList } from "../../schema/device_list.ts";
import { generateEd25519, signEd25519 } from "../../schema/ed25519.ts";
import { authentication } from "../../schema/rpc/methods.ts";
import { deletionBytes, deviceProofBytes } from "../../schema/signed_call.ts";
import { answerOf, newDevice, Rig, type TestAccount } from "./testing/rig.ts";
import { freshSessionMs } from "./vault_handlers.ts";

const none: SignedDeviceList = { list: new Uint8Array(), signature: new Uint8Array() };
const empty = { devices: none, signature: new Uint8Array(), proof: { nonce: new Uint8Array(), signature: none.list } };

/** The parameters of a deletion by the account's device. */
async function deletion(
  account: TestAccount,
  devices: SignedDeviceList = none,
  { rootSeed = account.rootSeed, device = account.device, signed = devices.list } = {},
) {
  const { nonce } = await account.client.call(authentication.challenge, {});
  const { accountKey } = account.list;
  const signature = await signEd25519(rootSeed, await deletionBytes(nonce, accountKey, signed));
  const proven = await deviceProofBytes("deleteAccount", nonce, [devices.list, devices.signature, signature]);
  return { devices, signature, proof: { nonce, signature: await signEd25519(device.seed, proven) } };
}

const stateOf = ({ rig, username }: TestAccount) =>
  rig.store.db.get<{ state: string }>("SELECT state FROM accounts WHERE username = ?", username)!.state;

Deno.test("SERVERS 14: deleteAccount empties the account for good, and its name stays taken", async () => {
  const rig = new Rig();
  const [alice, bob] = [await rig.registered("alice", "the password"), await rig.account("bob")];
  const second = await newDevice();
  const other = await alice.signIn(second);
  await alice.putList(await alice.nextList([second]));
  const last = await alice.nextList([], [alice.device, second]);
  assert.equal(
    await answerOf(alice.client.call(authentication.deleteAccount, await deletion(alice, last.signed))),
    "ok",
  );
  assert.equal(stateOf(alice), "deleted");
  for (const client of [alice.client, other]) {
    assert.equal(await answerOf(client.call(authentication.getVault, {})), "E003", "each device is told");
  }
  assert.equal(rig.ended.length, 2, "open subscriptions end");
  assert.equal(await answerOf(alice.login("the password")), "E008");
  assert.equal(await answerOf(alice.register("the password")), "E007");
  assert.equal(await answerOf(bob.client.call(authentication.lookup, { username: "alice" })), "E012");
  const { accounts: [shown] } = await bob.client.call(authentication.lookupAccounts, {
    accountKeys: [alice.list.accountKey],
  });
  const list = await openDeviceList(shown.devices);
  assert.deepEqual([list.devices, list.revoked.length], [[], 2], "its groups take its devices out by the list");
  assert.deepEqual(rig.changes.at(-1), {
    accountKey: alice.list.accountKey,
    to: "all",
    by: alice.device.recipientKey,
    acts: false,
  });
  const { found } = rig.store.db.get<{ found: number }>(
    `SELECT length(opaque_record) + length(vault_sealed) + length(wrapped_by_password) + length(wrapped_by_recovery)
       + (SELECT count(*) FROM sessions JOIN devices USING (device_id) WHERE account_key = a.account_key) AS found
     FROM accounts a WHERE username = 'alice'`,
  )!;
  assert.equal(found, 0);
});

Deno.test("SERVERS 14: a repeated deleteAccount is answered as the first, for its account alone", async () => {
  const rig = new Rig();
  const [alice, bob] = [await rig.account("alice"), await rig.account("bob")];
  assert.equal(await answerOf(alice.client.call(authentication.deleteAccount, empty)), "E023", "asking does nothing");
  const once = await deletion(alice);
  assert.equal(await answerOf(alice.client.call(authentication.deleteAccount, once)), "ok");
  assert.equal(await answerOf(alice.client.call(authentication.deleteAccount, once)), "ok");
  assert.equal(await answerOf(alice.client.call(authentication.deleteAccount, empty)), "ok");
  assert.equal(await answerOf(bob.client.call(authentication.deleteAccount, empty)), "E023");
  const gone = await newDevice();
  const revoked = await bob.signIn(gone);
  await bob.putList(await bob.nextList([gone]));
  await bob.putList(await bob.nextList([], [gone]));
  assert.equal(await answerOf(revoked.call(authentication.deleteAccount, empty)), "E003", "revoked, not deleted");
  assert.equal(stateOf(bob), "active");
});

Deno.test("SERVERS 14: deleteAccount is E023 without the root key, and for another nonce, list or device", async () => {
  const rig = new Rig();
  const [alice, bob] = [await rig.account("alice"), await rig.account("bob")];
  const call = (params: Awaited<ReturnType<typeof deletion>>, client = alice.client) =>
    answerOf(client.call(authentication.deleteAccount, params));
  const { seed } = await generateEd25519();
  const last = await alice.nextList([], [alice.device]);
  assert.equal(await call(await deletion(alice, none, { rootSeed: alice.device.seed })), "E023", "a device alone");
  assert.equal(await call(await deletion(alice, none, { rootSeed: seed })), "E023");
  assert.equal(await call(await deletion(alice, none, { device: bob.device })), "E023");
  assert.equal(await call(await deletion(alice, last.signed, { signed: none.list })), "E023", "for another list");
  assert.equal(await call(await deletion(bob), alice.client), "E023", "of another account");
  const [first, next] = [await deletion(alice), await deletion(alice)];
  assert.equal(await call({ ...next, signature: first.signature }), "E023", "for another nonce");
  rig.nowMs += 60_001;
  assert.equal(await call(first), "E023", "too late");
  assert.equal(stateOf(alice), "active");
});

Deno.test("SERVERS 14: deleteAccount is E003 minutes after the sign-in, E014 or E015 for a wrong list", async () => {
  const rig = new Rig();
  const alice = await rig.account("alice");
  const call = async (devices: SignedDeviceList) =>
    await answerOf(alice.client.call(authentication.deleteAccount, await deletion(alice, devices)));
  const second = await newDevice();
  await alice.signIn(second);
  assert.equal(await call((await alice.nextList([second])).signed), "E014", "a device would be left");
  assert.equal(await call((await alice.nextList([], [alice.device], { version: 3 })).signed), "E015");
  const last = await alice.nextList([], [alice.device]);
  assert.equal(await call({ ...last.signed, signature: new Uint8Array(64) }), "E014");
  rig.nowMs += freshSessionMs + 1;
  assert.equal(await call(last.signed), "E003");
  assert.equal(stateOf(alice), "active");
});

Deno.test("SERVERS 14: what the root key signs for a deletion is the bytes of the specification", async () => {
  const bytes = (length: number, byte: number) => new Uint8Array(length).fill(byte);
  const signed = await deletionBytes(bytes(32, 1), bytes(32, 2), bytes(3, 4));
  const label = new TextEncoder().encode("qpq/1 delete account");
  const fields = concat(new Uint8Array([0, 0, 0, 32]), bytes(32, 2), new Uint8Array([0, 0, 0, 3]), bytes(3, 4));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", fields));
  assert.deepEqual(signed, concat(label, bytes(32, 1), hash));
});
