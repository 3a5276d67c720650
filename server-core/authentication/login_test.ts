import assert from "node:assert/strict";
import { generateEd25519, signEd25519 } from "../../schema/ed25519.ts";
import { ErrorCode, isWireError } from "../../schema/rpc/errors.ts";
import { authentication } from "../../schema/rpc/methods.ts";
import { loginBytes, opaqueSuite } from "../../schema/signed_call.ts";
import { OpaquePool } from "../opaque/pool.ts";
import { generateOpaqueServerKeys } from "../opaque/server_keys.ts";
import { startLogin } from "../opaque/testing/opaque_client.ts";
import { loginMs } from "./login_handlers.ts";
import { answerOf, newDevice, Rig, TestAccount } from "./testing/rig.ts";

/** A login up to the point before KE3 is sent. */
async function half(rig: Rig, username: string, password: string, device = newDevice()) {
  const { ke1, finish } = await startLogin(password, username);
  const { loginId, ke2 } = await rig.client().call(authentication.loginStart, { suite: opaqueSuite, username, ke1 });
  const out = await finish(ke2);
  const { seed, recipientKey } = await device;
  const ke3 = out instanceof Error ? crypto.getRandomValues(new Uint8Array(32)) : out.ke3;
  const sessionKey = out instanceof Error ? crypto.getRandomValues(new Uint8Array(32)) : out.sessionKey;
  const params = { loginId, ke3, recipientKey, deviceSignature: await signEd25519(seed, await loginBytes(sessionKey)) };
  return {
    ke2,
    params,
    failedAtClient: out instanceof Error,
    finish: (changes: object = {}) =>
      answerOf(rig.client().call(authentication.loginFinish, { ...params, ...changes })),
  };
}

Deno.test("loginFinish answers E008 to a wrong password and an unknown user alike", async () => {
  const rig = new Rig();
  await rig.registered("alice", "right");
  const wrong = await half(rig, "alice", "wrong");
  const unknown = await half(rig, "nobody", "right");
  assert.ok(wrong.failedAtClient && unknown.failedAtClient);
  assert.equal(wrong.ke2.length, unknown.ke2.length);
  const answers = await Promise.all(
    [wrong, unknown].map(({ params }) =>
      rig.client().call(authentication.loginFinish, params).catch((error) => `${error.message} ${error.retryAfterMs}`)
    ),
  );
  assert.equal(answers[0], answers[1]);
  assert.match(String(answers[0]), /^E008/);
});

Deno.test("loginStart does the same work for unknown users, with the same OPRF answer each time", async () => {
  const rig = new Rig();
  await rig.registered("alice", "right");
  const before = rig.inline.jobs.length;
  await half(rig, "alice", "wrong");
  const known = rig.inline.jobs.slice(before);
  await half(rig, "nobody", "wrong");
  assert.deepEqual(rig.inline.jobs.slice(before + known.length), known);
  const { ke1 } = await startLogin("pass", "nobody");
  const evaluation = async () =>
    (await rig.client().call(authentication.loginStart, { suite: opaqueSuite, username: "nobody", ke1 })).ke2.slice(
      0,
      33,
    );
  assert.deepEqual(await evaluation(), await evaluation());
});

Deno.test("loginStart takes as long for an unknown user as for a known one", async () => {
  const pool = new OpaquePool({ keys: await generateOpaqueServerKeys(), workers: 1 });
  try {
    const rig = new Rig({ opaque: pool });
    await rig.registered("alice", "right");
    const { ke1 } = await startLogin("wrong", "alice");
    const timed = async (username: string) => {
      const startedMs = performance.now();
      await rig.client().call(authentication.loginStart, { suite: opaqueSuite, username, ke1 });
      return performance.now() - startedMs;
    };
    await timed("alice");
    // Pairs run side by side, each first in turn, so that other load of the machine hits both alike. On a
    // busy machine more pairs are needed.
    const ratios: number[] = [];
    let median = 0;
    for (let pair = 0; pair < 11 || (Math.abs(Math.log(median)) > Math.log(1.2) && pair < 61); pair++) {
      const names = pair % 2 ? ["alice", "nobody"] : ["nobody", "alice"];
      const [first, second] = [await timed(names[0]), await timed(names[1])];
      ratios.push(pair % 2 ? first / second : second / first);
      median = ratios.sort((a, b) => a - b)[ratios.length >> 1];
    }
    assert.ok(median > 1 / 1.5 && median < 1.5, `known to unknown: ${median}`);
  } finally {
    pool.close();
  }
});

Deno.test("loginFinish takes a loginId once, for 60 s, with its own KE3 only (E008)", async () => {
  const rig = new Rig();
  await rig.registered("alice", "right");
  const spoiled = await half(rig, "alice", "right");
  assert.equal(
    await spoiled.finish({ ke3: spoiled.params.ke3.map((byte, index) => index === 31 ? byte ^ 1 : byte) }),
    "E008",
  );
  assert.equal(await spoiled.finish(), "E008", "used up by the failure");
  const late = await half(rig, "alice", "right");
  rig.nowMs += loginMs;
  assert.equal(await late.finish(), "E008");
  const [first, second] = [await half(rig, "alice", "right"), await half(rig, "alice", "right")];
  assert.equal(await first.finish({ ke3: second.params.ke3 }), "E008");
  assert.equal(await second.finish(), "ok");
  assert.equal(await second.finish(), "E008");
  assert.equal(await second.finish({ loginId: new Uint8Array(16) }), "E008");
});

Deno.test("loginStart and loginFinish answer E014 to another suite, malformed points and wrong lengths", async () => {
  const rig = new Rig();
  const { ke1 } = await startLogin("pass", "alice");
  const start = (changes: object) =>
    answerOf(rig.client().call(authentication.loginStart, { suite: opaqueSuite, username: "alice", ke1, ...changes }));
  assert.equal(await start({ suite: "qpq-opaque-2" }), "E014");
  assert.equal(await start({ suite: "" }), "E014");
  assert.equal(await start({ ke1: ke1.slice(1) }), "E014");
  assert.equal(await start({ ke1: new Uint8Array(98) }), "E014");
  const login = await half(rig, "alice", "pass");
  assert.equal(await login.finish({ loginId: new Uint8Array(15) }), "E014");
  assert.equal(await login.finish({ ke3: new Uint8Array(33) }), "E014");
  assert.equal(await login.finish({ recipientKey: new Uint8Array(31) }), "E014");
});

Deno.test("loginFinish answers E023 to a wrong device signature and a device of another account", async () => {
  const rig = new Rig();
  await rig.registered("alice", "right");
  const bob = await rig.account("bob");
  const login = await half(rig, "alice", "right");
  assert.equal(await login.finish({ recipientKey: (await generateEd25519()).publicKey }), "E023");
  assert.equal(await (await half(rig, "alice", "right", Promise.resolve(bob.device))).finish(), "E023");
});

Deno.test("loginFinish answers E003 to a revoked device", async () => {
  const rig = new Rig();
  const alice = await rig.registered("alice", "right");
  const second = await newDevice();
  await alice.login("right", second);
  await alice.putList(await alice.nextList([second]));
  await alice.putList(await alice.nextList([], [second]));
  assert.equal(await answerOf(alice.login("right", second)), "E003");
  assert.equal(await answerOf(alice.login("right")), "ok");
});

Deno.test("loginFinish answers E008 when the password was changed between the two steps", async () => {
  const rig = new Rig();
  const alice = await rig.registered("alice", "right");
  const login = await half(rig, "alice", "right");
  const vault = {
    version: 2,
    sealed: new Uint8Array([1]),
    wrappedByPassword: new Uint8Array(),
    wrappedByRecovery: new Uint8Array(),
    recoveryKey: new Uint8Array(),
  };
  const { opaqueRecord } = (await rig.store.accounts.opaqueRecord({ username: "alice" }))!;
  const keptSessionId = (await rig.store.accounts.sessions({ accountKey: alice.list.accountKey }))[0].sessionId;
  await rig.store.accounts.changePassword({
    accountKey: alice.list.accountKey,
    opaqueRecord: opaqueRecord.map((byte) => byte ^ 1),
    expectedVersion: 1,
    vault,
    keptSessionId,
    freshSinceMs: 0,
  });
  assert.equal(await login.finish(), "E008");
});

Deno.test("OPAQUE calls are limited per address and per account with E005 and advice, known user or not", async () => {
  const rig = new Rig({ config: { opaquePerIpPerMinute: 6, opaquePerAccountPerMinute: 2 } });
  await rig.account("alice");
  const start = (username: string) =>
    answerOf(rig.client().call(authentication.loginStart, { suite: opaqueSuite, username, ke1: new Uint8Array(98) }));
  for (const username of ["alice", "nobody"]) {
    assert.deepEqual([await start(username), await start(username), await start(username)], ["E014", "E014", "E005"]);
  }
  assert.equal(await start("somebody"), "E005", "the address has had its six");
  const refused = await rig.client().call(authentication.loginStart, {
    suite: opaqueSuite,
    username: "alice",
    ke1: new Uint8Array(98),
  }).catch((error) => error);
  assert.ok(isWireError(refused, ErrorCode.rateLimited) && refused.retryAfterMs === 10_000);
  rig.remoteAddress = "198.51.100.7";
  assert.equal(await start("somebody"), "E014");
  assert.equal(await start("alice"), "E005", "from anywhere");
  rig.nowMs += 30_000;
  assert.equal(await start("alice"), "E014");
  const finish = () =>
    answerOf(
      rig.client().call(authentication.loginFinish, {
        loginId: new Uint8Array(16),
        ke3: new Uint8Array(32),
        recipientKey: new Uint8Array(32),
        deviceSignature: new Uint8Array(64),
      }),
    );
  rig.remoteAddress = "203.0.113.1";
  const answers = [];
  for (let tries = 0; tries < 7; tries++) answers.push(await finish());
  assert.deepEqual(answers, [...Array.from({ length: 6 }, () => "E008"), "E005"]);
  const register = await TestAccount.create(rig, "carol").then((carol) => carol.registrationOf(new Uint8Array(129)));
  assert.equal(await answerOf(rig.client().call(authentication.registerFinish, register)), "E005");
});

Deno.test("a session of a device outside of the list may call what enrolment needs only", async () => {
  const rig = new Rig();
  const alice = await rig.registered("alice", "right");
  const second = await newDevice();
  const login = await alice.login("right", second);
  assert.equal(login.enrolled, false);
  const client = rig.client(login.accessToken, second.deviceId);
  assert.equal(await answerOf(client.call(authentication.getVault, {})), "ok");
  assert.equal(await answerOf(client.call(authentication.challenge, {})), "ok");
  assert.equal(await answerOf(client.call(authentication.lookup, { username: "alice" })), "ok");
  assert.equal(await answerOf(client.call(authentication.listSessions, {})), "E003");
  assert.equal(await answerOf(client.call(authentication.lookupAccounts, { accountKeys: [] })), "E003");
  assert.equal(await answerOf(client.call(authentication.countKeyPackages, {})), "E003");
  await alice.putList(await alice.nextList([second]), client, second);
  assert.equal(await answerOf(client.call(authentication.listSessions, {})), "ok", "enrolled itself");
  assert.equal((await alice.login("right", second)).enrolled, true);
  assert.equal(await answerOf(client.call(authentication.logout, {})), "ok");
  assert.equal(await answerOf(client.call(authentication.getVault, {})), "E001");
});

Deno.test("loginFinish ends the longest unused session over 100, at once and with notice", async () => {
  const rig = new Rig();
  const alice = await rig.registered("alice", "right");
  const device = await newDevice();
  for (let count = 0; count < 99; count++) {
    rig.nowMs += 1;
    await alice.signIn(device);
  }
  const [{ sessionId }] = (await alice.client.call(authentication.listSessions, {})).sessions.filter(({ current }) =>
    current
  );
  await alice.login("right");
  assert.equal(await answerOf(alice.client.call(authentication.getVault, {})), "E001");
  assert.deepEqual(rig.ended, [sessionId]);
});
