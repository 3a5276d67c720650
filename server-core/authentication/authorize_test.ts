import assert from "node:assert/strict";
import { ErrorCode, isWireError } from "../../schema/rpc/errors.ts";
import { authVersion, noAuth } from "../../schema/rpc/calls_and_returns.ts";
import { authentication, delivery, type Method } from "../../schema/rpc/methods.ts";
import { authorizeCall } from "./authorize.ts";
import { sessionMs, Sessions, touchMs } from "./sessions.ts";
import { memoryAccounts } from "./testing/memory_accounts.ts";
import { answerOf, newDevice, Rig } from "./testing/rig.ts";
import { sha256Of } from "./tokens.ts";

const open = [
  "registerStart",
  "registerFinish",
  "loginStart",
  "loginFinish",
  "recoverStart",
  "recoverOpen",
  "recoverFinish",
  "health",
];
const every: Method[] = [...Object.values(authentication), ...Object.values(delivery)] as Method[];
const staticToken = "a static token of more than 32 characters";

function codeOf(error: unknown): number {
  assert.ok(isWireError(error));
  return error.code;
}

Deno.test("authorizeCall() without a token allows only the open methods, whatever the configuration", async () => {
  for (const authToken of [undefined, staticToken]) {
    const { accounts } = memoryAccounts(Date.now);
    const authorize = authorizeCall({
      sessions: new Sessions({ accounts, clock: Date.now }),
      config: { registration: "open", authToken },
    });
    for (const method of every) {
      for (
        const accessToken of [
          new Uint8Array(),
          new Uint8Array(32),
          new TextEncoder().encode(staticToken.slice(1)) as Uint8Array<ArrayBuffer>,
        ]
      ) {
        const asked = authorize(
          method,
          { version: authVersion, accessToken, deviceId: new Uint8Array(16) },
          "192.0.2.1",
        );
        if (open.includes(method.name)) assert.deepEqual(await asked, { kind: "anyone", remoteAddress: "192.0.2.1" });
        else assert.equal(await asked.catch(codeOf), ErrorCode.unauthenticated, method.name);
      }
    }
  }
});

Deno.test("authorizeCall() gives the static token the directory lookup and nothing that needs a device", async () => {
  const { accounts } = memoryAccounts(Date.now);
  const authorize = authorizeCall({
    sessions: new Sessions({ accounts, clock: Date.now }),
    config: { registration: "open", authToken: staticToken },
  });
  const auth = { ...noAuth, accessToken: new TextEncoder().encode(staticToken) as Uint8Array<ArrayBuffer> };
  for (const method of every) {
    const asked = await authorize(method, auth, "192.0.2.1").catch(codeOf);
    if (open.includes(method.name) || method.name === "lookup") {
      assert.deepEqual(asked, { kind: "operator", remoteAddress: "192.0.2.1" });
    } else assert.equal(asked, ErrorCode.forbidden, method.name);
  }
});

Deno.test("authorizeCall() refuses a static token of less than 32 characters", () => {
  const { accounts } = memoryAccounts(Date.now);
  assert.throws(
    () =>
      authorizeCall({
        sessions: new Sessions({ accounts, clock: Date.now }),
        config: { registration: "open", authToken: "x".repeat(31) },
      }),
    /QPQ_AUTH_TOKEN/,
  );
});

Deno.test("a token is valid only with its own device, and unknown tokens are E001", async () => {
  const rig = new Rig();
  const [alice, bob] = [await rig.account("alice"), await rig.account("bob")];
  const listing = (accessToken: Uint8Array<ArrayBuffer>, deviceId: Uint8Array<ArrayBuffer>) =>
    answerOf(rig.client(accessToken, deviceId).call(authentication.listSessions, {}));
  assert.equal(await listing(alice.accessToken, alice.device.deviceId), "ok");
  assert.equal(await listing(alice.accessToken, bob.device.deviceId), "E001");
  assert.equal(await listing(alice.accessToken, new Uint8Array()), "E001");
  assert.equal(await listing(alice.accessToken.slice(1), alice.device.deviceId), "E001");
  assert.equal(
    await listing(sha256Of(alice.accessToken), alice.device.deviceId),
    "E001",
    "the stored hash is no token",
  );
});

Deno.test("a session lasts 30 days from its last use, then is E002", async () => {
  const rig = new Rig();
  const alice = await rig.account("alice");
  const listing = () => answerOf(alice.client.call(authentication.listSessions, {}));
  for (let uses = 0; uses < 3; uses++) {
    rig.nowMs += sessionMs - 1;
    assert.equal(await listing(), "ok");
  }
  rig.nowMs += sessionMs;
  assert.equal(await listing(), "E002");
  assert.equal(await listing(), "E002", "without the cache, too");
  await rig.store.accounts.purgeExpired();
  assert.equal(await listing(), "E002", "remembered for a while");
  rig.nowMs += sessionMs;
  await rig.store.accounts.purgeExpired();
  assert.equal(await listing(), "E001");
});

Deno.test("Sessions stores the use of a session at most every ten minutes", async () => {
  let nowMs = 1_800_000_000_000;
  const rig = new Rig();
  const alice = await rig.account("alice");
  let touches = 0;
  const { accounts } = rig.store;
  const sessions = new Sessions({
    accounts: { ...accounts, touchSession: (args) => (touches++, accounts.touchSession(args)) },
    clock: () => nowMs,
  });
  for (let calls = 0; calls < 100; calls++) {
    await sessions.find(alice.accessToken, alice.device.deviceId);
    nowMs += touchMs / 10;
  }
  assert.equal(touches, 9);
});

Deno.test("Sessions keeps a bounded number in memory and asks storage once for each of them", async () => {
  const rig = new Rig();
  const people = await Promise.all(["alice", "bob", "carol"].map((name) => rig.account(name)));
  let loads = 0;
  const { accounts } = rig.store;
  const sessions = new Sessions({
    accounts: {
      ...accounts,
      session: (args) => (loads++, accounts.session(args)),
      touchSession: () => Promise.resolve(),
    },
    clock: rig.clock,
    maxCached: 2,
  });
  const [alice, bob, carol] = people.map((person) => () => sessions.find(person.accessToken, person.device.deviceId));
  for (const find of [alice, bob, alice, carol, alice]) await find();
  assert.equal(loads, 3);
  await bob();
  assert.equal(loads, 4, "the longest unused one had gone");
});

Deno.test("Sessions does not cache an answer of storage that is older than a revocation", async () => {
  const rig = new Rig();
  const alice = await rig.account("alice");
  const { accounts } = rig.store;
  let release = () => {};
  const gate = new Promise<void>((resolve) => release = resolve);
  const sessions = new Sessions({
    accounts: {
      ...accounts,
      session: async (args) => {
        const found = await accounts.session(args);
        await gate;
        return found;
      },
      touchSession: () => Promise.resolve(),
    },
    clock: rig.clock,
  });
  const early = sessions.find(alice.accessToken, alice.device.deviceId);
  await accounts.endSession({ accountKey: alice.list.accountKey, sessionId: alice.sessionId });
  sessions.forgetAccount(alice.list.accountKey);
  release();
  await early;
  assert.equal(await answerOf(sessions.find(alice.accessToken, alice.device.deviceId)), "E001");
});

Deno.test("listSessions shows the live sessions of the account, the calling one marked, and no token", async () => {
  const rig = new Rig();
  const alice = await rig.account("alice");
  await rig.account("bob");
  rig.nowMs += 1000;
  const second = await newDevice();
  await alice.signIn(second);
  const { sessions } = await alice.client.call(authentication.listSessions, {});
  assert.deepEqual(sessions.map(({ deviceId, current, createdMs }) => ({ deviceId, current, createdMs })), [
    { deviceId: second.deviceId, current: false, createdMs: rig.nowMs },
    { deviceId: alice.device.deviceId, current: true, createdMs: rig.nowMs - 1000 },
  ]);
  assert.deepEqual(sessions[1].sessionId, alice.sessionId);
});

Deno.test("revokeSession and logout end a session at once; E012 for an unknown or foreign one", async () => {
  const rig = new Rig();
  const [alice, bob] = [await rig.account("alice"), await rig.account("bob")];
  const second = await newDevice();
  const client = await alice.signIn(second);
  assert.equal(await answerOf(client.call(authentication.getVault, {})), "ok");
  const [{ sessionId }] = (await alice.client.call(authentication.listSessions, {})).sessions.filter(({ current }) =>
    !current
  );
  const revoke = async (id: Uint8Array<ArrayBuffer>) =>
    answerOf(
      alice.client.call(authentication.revokeSession, {
        sessionId: id,
        proof: await alice.proof("revokeSession", [id]),
      }),
    );
  assert.equal(await revoke(new Uint8Array(16)), "E012");
  assert.equal(await revoke(bob.sessionId), "E012");
  assert.equal(await answerOf(bob.client.call(authentication.getVault, {})), "ok");
  assert.equal(await revoke(sessionId), "ok");
  assert.equal(await answerOf(client.call(authentication.getVault, {})), "E001");
  assert.equal(await answerOf(alice.client.call(authentication.logout, {})), "ok");
  assert.equal(await answerOf(alice.client.call(authentication.getVault, {})), "E001");
  assert.deepEqual(rig.ended, [sessionId, alice.sessionId]);
});

Deno.test("an account has at most 100 sessions: one more ends the longest unused", async () => {
  const rig = new Rig();
  const alice = await rig.account("alice");
  const device = await newDevice();
  for (let count = 0; count < 100; count++) {
    rig.nowMs += 1;
    await alice.signIn(device);
  }
  assert.equal((await rig.store.accounts.sessions({ accountKey: alice.list.accountKey })).length, 100);
  assert.equal(await answerOf(alice.client.call(authentication.getVault, {})), "E001");
});
