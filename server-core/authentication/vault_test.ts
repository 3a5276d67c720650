import assert from "node:assert/strict";
import { u64 } from "../../schema/bytes.ts";
import { authentication, type Vault } from "../../schema/rpc/methods.ts";
import { opaqueSuite, vaultFields } from "../../schema/signed_call.ts";
import { startRegistration } from "../opaque/testing/opaque_client.ts";
import { answerOf, newDevice, Rig, type TestAccount } from "./testing/rig.ts";
import { freshSessionMs } from "./vault_handlers.ts";

function vaultOf(version: number, changes: Partial<Vault> = {}): Vault {
  return {
    version,
    sealed: new Uint8Array([version, 7]),
    wrappedByPassword: new Uint8Array([8]),
    wrappedByRecovery: new Uint8Array([9]),
    recoveryKey: new Uint8Array(),
    ...changes,
  };
}

async function put(account: TestAccount, expectedVersion: number, vault: Vault): Promise<string> {
  const proof = await account.proof("putVault", [u64(expectedVersion), ...vaultFields(vault)]);
  return await answerOf(account.client.call(authentication.putVault, { expectedVersion, vault, proof }));
}

Deno.test("putVault stores the next version and answers E015 to any other", async () => {
  const alice = await new Rig().account("alice");
  assert.equal(await put(alice, 1, vaultOf(2)), "ok");
  assert.equal(await put(alice, 1, vaultOf(2, { sealed: new Uint8Array([99]) })), "E015");
  assert.equal(await put(alice, 0, vaultOf(1)), "E015");
  assert.equal(await put(alice, 5, vaultOf(6)), "E015");
  assert.deepEqual((await alice.client.call(authentication.getVault, {})).vault, vaultOf(2));
});

Deno.test("putVault answers E011 over its limits, E014 to a wrong version, E023 without a proof", async () => {
  const alice = await new Rig().account("alice");
  assert.equal(await put(alice, 1, vaultOf(2, { sealed: new Uint8Array(128 * 1024 + 1) })), "E011");
  assert.equal(await put(alice, 1, vaultOf(2, { wrappedByPassword: new Uint8Array(257) })), "E011");
  assert.equal(await put(alice, 1, vaultOf(2, { wrappedByRecovery: new Uint8Array(257) })), "E011");
  assert.equal(await put(alice, 1, vaultOf(3)), "E014");
  assert.equal(await put(alice, 1, vaultOf(2, { sealed: new Uint8Array() })), "E014");
  const proof = { nonce: new Uint8Array(32), signature: new Uint8Array(64) };
  assert.equal(
    await answerOf(alice.client.call(authentication.putVault, { expectedVersion: 1, vault: vaultOf(2), proof })),
    "E023",
  );
  assert.equal(await put(alice, 1, vaultOf(2, { sealed: new Uint8Array(128 * 1024) })), "ok");
  assert.equal((await alice.client.call(authentication.getVault, {})).vault.sealed.length, 128 * 1024);
});

const otherWraps: Partial<Vault>[] = [{ wrappedByPassword: new Uint8Array([66]) }, {
  wrappedByRecovery: new Uint8Array([66]),
}, { recoveryKey: new Uint8Array(32) }];

Deno.test("putVault refuses new wraps and another recovery key five minutes after the sign-in", async () => {
  const rig = new Rig();
  const alice = await rig.account("alice");
  rig.nowMs += freshSessionMs + 1;
  for (const wraps of otherWraps) assert.equal(await put(alice, 1, vaultOf(2, wraps)), "E014");
  assert.equal((await alice.client.call(authentication.getVault, {})).vault.version, 1);
  assert.equal(await put(alice, 1, vaultOf(2)), "ok");
});

Deno.test("putVault accepts new wraps and another recovery key just after the sign-in", async () => {
  const rig = new Rig();
  const alice = await rig.account("alice");
  rig.nowMs += freshSessionMs;
  for (const [index, wraps] of otherWraps.entries()) {
    assert.equal(await put(alice, 1 + index, vaultOf(2 + index, wraps)), "ok");
  }
  assert.equal(await put(alice, 4, vaultOf(5, { recoveryKey: new Uint8Array(31) })), "E014");
});

Deno.test("changePassword is E003 five minutes after the sign-in", async () => {
  const rig = new Rig();
  const alice = await rig.registered("alice", "old password");
  const { request, finish } = await startRegistration("new password", "alice");
  const { record } = await finish(
    (await alice.client.call(authentication.registerStart, { suite: opaqueSuite, username: "alice", request }))
      .response,
  );
  rig.nowMs += freshSessionMs + 1;
  const proof = await alice.proof("changePassword", [record, u64(1), ...vaultFields(vaultOf(2))]);
  assert.equal(
    await answerOf(
      alice.client.call(authentication.changePassword, {
        suite: opaqueSuite,
        record,
        expectedVaultVersion: 1,
        vault: vaultOf(2),
        proof,
      }),
    ),
    "E003",
  );
  assert.equal(await answerOf(alice.login("old password")), "ok");
});

Deno.test("changePassword makes the new password valid, and ends every other session", async () => {
  const rig = new Rig();
  const alice = await rig.registered("alice", "old password");
  const other = await newDevice();
  const login = await alice.login("old password", other);
  const others = rig.client(login.accessToken, other.deviceId);
  assert.equal(await answerOf(others.call(authentication.getVault, {})), "ok");

  const { request, finish } = await startRegistration("new password", "alice");
  const { response } = await alice.client.call(authentication.registerStart, {
    suite: opaqueSuite,
    username: "alice",
    request,
  });
  const { record } = await finish(response);
  const change = async (expectedVaultVersion: number, vault: Vault, changes: object = {}) => {
    const proof = await alice.proof("changePassword", [record, u64(expectedVaultVersion), ...vaultFields(vault)]);
    return await answerOf(
      alice.client.call(authentication.changePassword, {
        suite: opaqueSuite,
        record,
        expectedVaultVersion,
        vault,
        proof,
        ...changes,
      }),
    );
  };
  assert.equal(await change(1, vaultOf(2), { suite: "qpq-opaque-2" }), "E014");
  assert.equal(
    await change(1, vaultOf(2), { proof: { nonce: new Uint8Array(32), signature: new Uint8Array(64) } }),
    "E023",
  );
  assert.equal(await change(1, vaultOf(2), { record: record.map((byte) => byte ^ 1) }), "E023");
  assert.equal(await change(1, vaultOf(2, { sealed: new Uint8Array(128 * 1024 + 1) })), "E011");
  assert.equal(await change(2, vaultOf(3)), "E015");
  assert.equal(await answerOf(alice.login("old password")), "ok", "nothing has changed so far");
  assert.equal(await answerOf(others.call(authentication.getVault, {})), "ok");

  assert.equal(await change(1, vaultOf(2)), "ok");
  assert.equal(await answerOf(others.call(authentication.getVault, {})), "E001");
  assert.deepEqual((await alice.client.call(authentication.getVault, {})).vault, vaultOf(2));
  assert.equal(await answerOf(alice.login("old password")), "E008");
  assert.equal(await answerOf(alice.login("new password")), "ok");
  assert.equal(rig.ended.length, 2, "the other device's session and that of the sign-in in between");
});

Deno.test("changePassword answers E014 to a malformed record", async () => {
  const alice = await new Rig().account("alice");
  const record = new Uint8Array(129);
  const vault = vaultOf(2);
  const proof = await alice.proof("changePassword", [record, u64(1), ...vaultFields(vault)]);
  assert.equal(
    await answerOf(
      alice.client.call(authentication.changePassword, {
        suite: opaqueSuite,
        record,
        expectedVaultVersion: 1,
        vault,
        proof,
      }),
    ),
    "E014",
  );
});
