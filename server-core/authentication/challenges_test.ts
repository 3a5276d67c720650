import assert from "node:assert/strict";
import { signEd25519 } from "../../schema/ed25519.ts";
import { ErrorCode, isWireError } from "../../schema/rpc/errors.ts";
import { authentication } from "../../schema/rpc/methods.ts";
import { deviceProofBytes } from "../../schema/signed_call.ts";
import { challengeMs, Challenges, challengesPerAccount } from "./challenges.ts";
import { answerOf, newDevice, Rig, type TestAccount } from "./testing/rig.ts";

const target = new Uint8Array(16).fill(9);

/** Calls revokeSession for an unknown session: E012 when the proof is valid. */
function revoke(
  account: TestAccount,
  proof: { nonce: Uint8Array<ArrayBuffer>; signature: Uint8Array<ArrayBuffer> },
  sessionId = target,
): Promise<string> {
  return answerOf(account.client.call(authentication.revokeSession, { sessionId, proof }));
}

Deno.test("a device proof is valid once (E023)", async () => {
  const alice = await new Rig().account("alice");
  const proof = await alice.proof("revokeSession", [target]);
  assert.equal(await revoke(alice, proof), "E012");
  assert.equal(await revoke(alice, proof), "E023");
});

Deno.test("a device proof is valid for 60 s (E023)", async () => {
  const rig = new Rig();
  const alice = await rig.account("alice");
  const early = await alice.proof("revokeSession", [target]);
  const late = await alice.proof("revokeSession", [target]);
  rig.nowMs += challengeMs - 1;
  assert.equal(await revoke(alice, early), "E012");
  rig.nowMs += 1;
  assert.equal(await revoke(alice, late), "E023");
});

Deno.test("a device proof is bound to session, device key, method and parameters (E023)", async () => {
  const rig = new Rig();
  const [alice, bob] = [await rig.account("alice"), await rig.account("bob")];
  const second = await newDevice();
  const client = await alice.signIn(second);
  await alice.putList(await alice.nextList([second]));
  assert.equal(await revoke(alice, await bob.proof("revokeSession", [target])), "E023", "another account's nonce");
  assert.equal(
    await revoke(alice, await alice.proof("revokeSession", [target], client)),
    "E023",
    "another session's nonce",
  );
  assert.equal(
    await revoke(alice, await alice.proof("revokeSession", [target], alice.client, second)),
    "E023",
    "another device's key",
  );
  assert.equal(await revoke(alice, await alice.proof("putVault", [target])), "E023", "another method");
  assert.equal(
    await revoke(alice, await alice.proof("revokeSession", [target]), new Uint8Array(16)),
    "E023",
    "other parameters",
  );
  const made = new Uint8Array(32);
  assert.equal(
    await revoke(alice, {
      nonce: made,
      signature: await signEd25519(alice.device.seed, await deviceProofBytes("revokeSession", made, [target])),
    }),
    "E023",
    "a nonce of one's own",
  );
  assert.equal(await revoke(alice, { nonce: new Uint8Array(), signature: new Uint8Array() }), "E023");
});

Deno.test("a failed proof uses up its nonce", async () => {
  const alice = await new Rig().account("alice");
  const proof = await alice.proof("revokeSession", [target]);
  assert.equal(await revoke(alice, { ...proof, signature: new Uint8Array(64) }), "E023");
  assert.equal(await revoke(alice, proof), "E023");
});

Deno.test("challenge is limited per session with E005", async () => {
  const rig = new Rig();
  const [alice, bob] = [await rig.account("alice"), await rig.account("bob")];
  const answers = [];
  for (let count = 0; count < 31; count++) {
    answers.push(await answerOf(alice.client.call(authentication.challenge, {})));
  }
  assert.deepEqual(answers.slice(29), ["ok", "E005"]);
  assert.equal(await answerOf(bob.client.call(authentication.challenge, {})), "ok");
});

Deno.test("Challenges.create() is limited per account with E005, however many sessions it has", () => {
  const challenges = new Challenges(() => 0);
  const session = (id: number) => ({ sessionId: new Uint8Array(16).fill(id), accountKey: new Uint8Array(32).fill(1) });
  for (let count = 0; count < challengesPerAccount; count++) challenges.create(session(count % 100));
  assert.throws(() => challenges.create(session(99)), (error) => isWireError(error, ErrorCode.rateLimited));
  assert.equal(challenges.create({ ...session(99), accountKey: new Uint8Array(32).fill(2) }).length, 32);
});
