import assert from "node:assert/strict";
import { u64 } from "../../schema/bytes.ts";
import { generateEd25519, signEd25519 } from "../../schema/ed25519.ts";
import { recoverFinishBytes, recoverOpenBytes } from "../../schema/recovery.ts";
import { authentication, type Vault } from "../../schema/rpc/methods.ts";
import { opaqueSuite, vaultFields } from "../../schema/signed_call.ts";
import { startRegistration } from "../opaque/testing/opaque_client.ts";
import { recoveryStepMs } from "./recovery_handlers.ts";
import { RecoveryNonces } from "./recovery_nonces.ts";
import { answerOf, Rig } from "./testing/rig.ts";

const vaultOf = (version: number, recoveryKey: Uint8Array): Vault => ({
  version,
  sealed: new Uint8Array([version]),
  wrappedByPassword: new Uint8Array([version, 1]),
  wrappedByRecovery: new Uint8Array([version, 2]),
  recoveryKey: recoveryKey as Uint8Array<ArrayBuffer>,
});

/** An account with a password and a recovery key, and the steps of a recovery. */
async function recoverable() {
  const rig = new Rig();
  const alice = await rig.registered("alice", "forgotten");
  const code = await generateEd25519();
  const proof = await alice.proof("putVault", [u64(1), ...vaultFields(vaultOf(2, code.publicKey))]);
  await alice.client.call(authentication.putVault, { expectedVersion: 1, vault: vaultOf(2, code.publicKey), proof });
  const client = rig.client();
  const start = async (username = "alice") => (await client.call(authentication.recoverStart, { username })).nonce;
  const open = async (
    nonce: Uint8Array<ArrayBuffer>,
    { username = "alice", seed = code.seed, password = "remembered", suite = opaqueSuite } = {},
  ) => {
    const { request, finish } = await startRegistration(password, username);
    const signature = await signEd25519(seed, await recoverOpenBytes(nonce, username, request));
    const opened = await client.call(authentication.recoverOpen, { suite, username, nonce, request, signature });
    return { ...opened, record: (await finish(opened.response)).record };
  };
  const finish = async (
    nonce: Uint8Array<ArrayBuffer>,
    record: Uint8Array<ArrayBuffer>,
    { seed = code.seed, next = code, changes = {} as object } = {},
  ) => {
    const vault = vaultOf(3, next.publicKey);
    const signature = await signEd25519(seed, await recoverFinishBytes(nonce, [record, u64(2), ...vaultFields(vault)]));
    return await client.call(authentication.recoverFinish, {
      nonce,
      record,
      expectedVaultVersion: 2,
      vault,
      signature,
      ...changes,
    });
  };
  return { rig, alice, code, start, open, finish };
}

Deno.test("a recovery gives account and vault, makes the new password valid, and ends every session", async () => {
  const { rig, alice, start, open, finish } = await recoverable();
  const nonce = await start();
  const { account, vault, record } = await open(nonce);
  assert.equal(account.username, "alice");
  assert.equal(vault.version, 2);
  assert.equal(
    await answerOf(alice.client.call(authentication.getVault, {})),
    "ok",
    "nothing has changed before the last step",
  );
  const next = await generateEd25519();
  await finish(nonce, record, { next });
  assert.equal(await answerOf(alice.client.call(authentication.getVault, {})), "E001");
  assert.equal(rig.ended.length, 1);
  assert.equal(await answerOf(alice.login("forgotten")), "E008");
  const { accessToken } = await alice.login("remembered");
  const stored = (await rig.client(accessToken, alice.device.deviceId).call(authentication.getVault, {})).vault;
  assert.deepEqual(stored, vaultOf(3, next.publicKey));
  // The used code is void.
  const again = await start();
  assert.equal(await answerOf(open(again)), "E008");
  assert.equal(await answerOf(open(await start(), { seed: next.seed })), "ok");
});

Deno.test("recoverOpen answers E008 alike to wrong codes, unknown users, and used or old nonces", async () => {
  const { rig, start, open } = await recoverable();
  await rig.registered("bob", "something else");
  const { seed } = await generateEd25519();
  assert.equal((await start("nobody")).length, 32);
  assert.equal(await answerOf(open(await start(), { seed })), "E008");
  assert.equal(await answerOf(open(await start("nobody"), { username: "nobody" })), "E008");
  assert.equal(await answerOf(open(await start("bob"), { username: "bob" })), "E008");
  assert.equal(await answerOf(open(await start("bob"))), "E008");
  assert.equal(await answerOf(open(crypto.getRandomValues(new Uint8Array(32)))), "E008");
  const used = await start();
  await open(used);
  assert.equal(await answerOf(open(used)), "E008");
  const old = await start();
  rig.nowMs += recoveryStepMs + 1;
  assert.equal(await answerOf(open(old)), "E008");
  assert.equal(await answerOf(open(await start(), { suite: "qpq-opaque-2" })), "E014");
});

Deno.test("recoverFinish takes its parameters as signed, once, in time, and after recoverOpen only", async () => {
  const { rig, alice, start, open, finish } = await recoverable();
  const opened = async () => {
    const nonce = await start();
    return { nonce, ...await open(nonce) };
  };
  const thief = await generateEd25519();
  const unopened = await start();
  assert.equal(await answerOf(finish(unopened, (await opened()).record)), "E008");
  for (const changes of [{ record: new Uint8Array(129) }, { vault: vaultOf(3, thief.publicKey) }]) {
    const { nonce, record } = await opened();
    assert.equal(await answerOf(finish(nonce, record, { changes })), "E008");
  }
  const stolen = await opened();
  assert.equal(await answerOf(finish(stolen.nonce, stolen.record, { seed: thief.seed })), "E008");
  assert.equal(await answerOf(finish(stolen.nonce, stolen.record)), "E008", "a failed try uses the nonce up");
  const late = await opened();
  rig.nowMs += recoveryStepMs + 1;
  assert.equal(await answerOf(finish(late.nonce, late.record)), "E008");
  const versions = await opened();
  assert.equal(
    await answerOf(finish(versions.nonce, versions.record, { changes: { expectedVaultVersion: 7 } })),
    "E014",
  );
  assert.equal(await answerOf(alice.login("forgotten")), "ok");
  const good = await opened();
  assert.equal(await answerOf(finish(good.nonce, good.record)), "ok");
  assert.equal(await answerOf(finish(good.nonce, good.record)), "E008");
});

Deno.test("recoverFinish is E008 when another recovery replaced the code between the two steps", async () => {
  const { start, open, finish } = await recoverable();
  const [one, other] = [await start(), await start()];
  const [first, second] = [await open(one), await open(other)];
  await finish(one, first.record, { next: await generateEd25519() });
  assert.equal(await answerOf(finish(other, second.record)), "E008");
});

Deno.test("a recovery is limited per address and per account with E005, known user or not", async () => {
  for (const username of ["alice", "nobody"]) {
    const rig = new Rig({ config: { opaquePerAccountPerMinute: 3, opaquePerIpPerMinute: 1000 } });
    if (username === "alice") await rig.registered("alice", "forgotten");
    rig.nowMs += 60_000;
    const answers: string[] = [];
    for (let tries = 0; tries < 4; tries++) {
      answers.push(await answerOf(rig.client().call(authentication.recoverStart, { username })));
    }
    assert.deepEqual(answers, ["ok", "ok", "ok", "E005"]);
  }
});

Deno.test("RecoveryNonces keep nothing of callers: a recovery still works after 20,000 others", () => {
  let nowMs = 1_000;
  const nonces = new RecoveryNonces(() => nowMs, recoveryStepMs);
  const mine = nonces.create("alice");
  for (let calls = 0; calls < 20_000; calls++) nonces.create(`nobody${calls}`);
  assert.equal(nonces.isGood(mine, "alice"), true);
  assert.equal(nonces.isGood(mine, "alicf"), false);
  for (const at of [0, 7, 15, 31]) {
    assert.equal(
      nonces.isGood(mine.map((byte, index) => index === at ? byte ^ 1 : byte), "alice"),
      false,
      `byte ${at} changed`,
    );
  }
  assert.equal(new RecoveryNonces(() => nowMs, recoveryStepMs).isGood(mine, "alice"), false, "of another process");
  nowMs += recoveryStepMs;
  assert.equal(nonces.isGood(mine, "alice"), false);
  nowMs -= 1;
  assert.equal(nonces.isGood(mine, "alice"), true);
  nonces.spend(mine);
  assert.equal(nonces.isGood(mine, "alice"), false);
});

Deno.test("recoverStart, loginStart and registerStart answer E014 to a username that is too long", async () => {
  const client = new Rig().client();
  const username = "a".repeat(100_000);
  assert.equal(await answerOf(client.call(authentication.recoverStart, { username })), "E014");
  assert.equal(
    await answerOf(client.call(authentication.loginStart, { suite: opaqueSuite, username, ke1: new Uint8Array(98) })),
    "E014",
  );
  assert.equal(
    await answerOf(
      client.call(authentication.registerStart, { suite: opaqueSuite, username, request: new Uint8Array(33) }),
    ),
    "E014",
  );
});
