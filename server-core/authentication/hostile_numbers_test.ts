/** Every integer of the authentication service at its limits: a clear code, and nothing is poisoned. */

import assert from "node:assert/strict";
import { u64 } from "../../schema/bytes.ts";
import { authentication, type Vault } from "../../schema/rpc/methods.ts";
import { vaultFields } from "../../schema/signed_call.ts";
import { makeKeyPackage } from "./testing/key_packages.ts";
import { answerOf, newDevice, Rig, type TestAccount } from "./testing/rig.ts";

/** The schema carries what a number can not: 2^53, and the largest UInt64. */
const beyondNumbers = [2n ** 53n, 2n ** 64n - 1n] as unknown[] as number[];
const exact = [0, 3, 2 ** 31, 2 ** 32, 2 ** 33, 2 ** 52, 2 ** 53 - 2, 2 ** 53 - 1];

const vaultOf = (version: number): Vault => ({
  version,
  sealed: new Uint8Array([7]),
  wrappedByPassword: new Uint8Array([8]),
  wrappedByRecovery: new Uint8Array([9]),
  recoveryKey: new Uint8Array(),
});

/** Puts a vault; its proof is made over what a number can say. */
async function put(account: TestAccount, expectedVersion: number, version: number): Promise<string> {
  const said = typeof expectedVersion === "number" ? expectedVersion : 0;
  const vault = vaultOf(version);
  const proof = await account.proof("putVault", [u64(said), ...vaultFields(vault)]);
  return await answerOf(account.client.call(authentication.putVault, { expectedVersion, vault, proof }));
}

Deno.test("SERVERS 1: vault versions at their limits are refused, and the vault goes on", async () => {
  const alice = await new Rig().account("alice");
  for (const expected of exact) {
    const answer = await put(alice, expected, expected + 1);
    assert.ok(["E014", "E015", "E023"].includes(answer), `${expected}: ${answer}`);
  }
  for (const beyond of beyondNumbers) {
    assert.equal(await put(alice, beyond, 2), "E014");
    assert.equal(await put(alice, 1, beyond), "E014");
  }
  assert.equal(await put(alice, 1, 2), "ok");
  assert.equal((await alice.client.call(authentication.getVault, {})).vault.version, 2);
});

Deno.test("SERVERS 1: versions of a device list at their limits are refused, and the list goes on", async () => {
  const alice = await new Rig().account("alice");
  const second = await newDevice();
  await alice.signIn(second);
  for (const version of exact) {
    const answer = await answerOf(alice.putList(await alice.nextList([second], [], { version })));
    assert.ok(["E014", "E015", "E023"].includes(answer), `${version}: ${answer}`);
  }
  assert.equal(await answerOf(alice.putList(await alice.nextList([second]))), "ok");
});

Deno.test("SERVERS 1: lifetimes of KeyPackages at their limits are E022, and the stock goes on", async () => {
  const rig = new Rig();
  const alice = await rig.account("alice");
  const nowSeconds = Math.floor(rig.nowMs / 1000);
  const { device } = alice;
  const credential = await alice.credential();
  const upload = async (lifetime: object) => {
    const keyPackage = await makeKeyPackage({ device, credential, nowMs: rig.nowMs, ...lifetime });
    const call = { keyPackages: [keyPackage], lastResort: new Uint8Array() };
    return await answerOf(alice.client.call(authentication.uploadKeyPackages, call));
  };
  for (const at of [0, 1, 2 ** 31, 2 ** 32, 2 ** 52, 2 ** 53, 2 ** 63]) {
    for (const [from, to] of [[0, at], [at, at], [at, 2 ** 63], [at - 1, at]]) {
      const answer = await upload({ notBefore: Math.max(0, from) - nowSeconds, notAfter: to - nowSeconds });
      assert.equal(answer, "E022", `${from} to ${to}`);
    }
  }
  assert.equal(await upload({}), "ok");
});

Deno.test("SERVERS 1: limits of a search at their limits are E014 or names", async () => {
  const alice = await new Rig().account("alice");
  for (const limit of [0, 1, 20, 21, 2 ** 15, 2 ** 16 - 1]) {
    const answer = await answerOf(alice.client.call(authentication.searchUsers, { prefix: "a", limit }));
    assert.equal(answer, limit >= 1 && limit <= 20 ? "ok" : "E014", `${limit}`);
  }
});
