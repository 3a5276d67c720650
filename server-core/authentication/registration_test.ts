import assert from "node:assert/strict";
import { authentication } from "../../schema/rpc/methods.ts";
import { generateEd25519, signEd25519 } from "../../schema/ed25519.ts";
import { opaqueSuite, registrationBytes } from "../../schema/signed_call.ts";
import { startRegistration } from "../opaque/testing/opaque_client.ts";
import { createInvite } from "./invites.ts";
import { sessionMs } from "./sessions.ts";
import { answerOf, contains, newDevice, Rig, TestAccount } from "./testing/rig.ts";

Deno.test("register makes an account whose session works at once, and login gives it back", async () => {
  const rig = new Rig();
  const alice = await TestAccount.create(rig, "alice");
  const registered = await alice.register("correct horse");
  assert.equal(registered.expiresMs, rig.nowMs + sessionMs);
  const client = rig.client(registered.accessToken, alice.device.deviceId);
  const { account } = await client.call(authentication.lookup, { username: "alice" });
  assert.deepEqual(account, { username: "alice", accountKey: alice.list.accountKey, devices: alice.signed });
  const { vault } = await client.call(authentication.getVault, {});
  assert.deepEqual(vault, {
    version: 1,
    sealed: new Uint8Array([1, 2, 3]),
    wrappedByPassword: new Uint8Array([4]),
    wrappedByRecovery: new Uint8Array([5]),
    recoveryKey: new Uint8Array(),
  });
  const login = await alice.login("correct horse");
  assert.equal(login.enrolled, true);
  assert.deepEqual(login.account, account);
  assert.equal(
    await answerOf(rig.client(login.accessToken, alice.device.deviceId).call(authentication.listSessions, {})),
    "ok",
  );
});

Deno.test("registerStart answers E007 to a bad or taken username, E014 to a malformed request", async () => {
  const rig = new Rig();
  await rig.account("alice");
  const { request } = await startRegistration("pass", "bob");
  const start = (changes: object) =>
    answerOf(
      rig.client().call(authentication.registerStart, { suite: opaqueSuite, username: "bob", request, ...changes }),
    );
  assert.equal(await start({ suite: "qpq-opaque-2" }), "E014");
  for (const username of ["Bob", "bo", "1bob", "b".repeat(33), "böb", ""]) {
    assert.equal(await start({ username }), "E007");
  }
  assert.equal(await start({ username: "alice" }), "E007");
  assert.equal(await start({ request: request.slice(1) }), "E014");
  assert.equal(await start({}), "ok");
});

Deno.test("registerFinish answers E014 to malformed fields, E023 to a list that does not match", async () => {
  const rig = new Rig();
  const alice = await TestAccount.create(rig, "alice");
  const good = await alice.registration("pass");
  const finish = (changes: object) =>
    answerOf(rig.client().call(authentication.registerFinish, { ...good, ...changes }));
  assert.equal(await finish({ suite: "qpq-opaque-2" }), "E014");
  assert.equal(await finish({ recipientKey: good.recipientKey.slice(1) }), "E014");
  assert.equal(await finish({ vault: { ...good.vault, version: 2 } }), "E014");
  assert.equal(await finish({ vault: { ...good.vault, sealed: new Uint8Array() } }), "E014");
  assert.equal(await finish({ devices: { list: good.devices.list, signature: new Uint8Array(64) } }), "E014");
  assert.equal(await finish({ deviceSignature: new Uint8Array(64) }), "E023");
  for (const field of ["sealed", "wrappedByPassword", "wrappedByRecovery", "recoveryKey"]) {
    assert.equal(
      await finish({ vault: { ...good.vault, [field]: new Uint8Array(32).fill(7) } }),
      "E023",
      `another ${field} than the device signed`,
    );
  }

  const offCurve = good.record.slice();
  offCurve.fill(0, 0, 33);
  assert.equal(await finish(await alice.registrationOf(offCurve)), "E014");
  assert.equal(await finish(await alice.registrationOf(good.record.slice(1))), "E014");

  const other = await newDevice();
  for (
    const changes of [
      { version: 2 },
      { username: "mallory" },
      { prevHash: new Uint8Array(32).fill(1) },
      { revoked: [new Uint8Array(16)] },
      { devices: [...alice.list.devices, other].map(({ deviceId, recipientKey }) => ({ deviceId, recipientKey })) },
      { devices: [] },
    ]
  ) {
    const { signed } = await alice.nextList([], [], { version: 1, prevHash: new Uint8Array(32), ...changes });
    assert.equal(await finish({ devices: signed }), "E023", JSON.stringify(Object.keys(changes)));
  }
  assert.equal(
    await finish({
      recipientKey: other.recipientKey,
      deviceSignature: await signEd25519(other.seed, await registrationBytes(good.record, "alice", good.vault)),
    }),
    "E023",
  );
  assert.equal(await finish({}), "ok");
  assert.equal(await finish({}), "E007", "taken meanwhile");
});

Deno.test("registerFinish answers E023 to an account or device key in use, and stores nothing", async () => {
  const rig = new Rig();
  const alice = await rig.account("alice");
  const bob = await TestAccount.create(rig, "bob");
  const sameDevice = await bob.registration("pass");
  const { signed } = await bob.nextList([], [], {
    version: 1,
    prevHash: new Uint8Array(32),
    devices: alice.list.devices,
  });
  const deviceSignature = await signEd25519(
    alice.device.seed,
    await registrationBytes(sameDevice.record, "bob", sameDevice.vault),
  );
  assert.equal(
    await answerOf(
      rig.client().call(authentication.registerFinish, {
        ...sameDevice,
        devices: signed,
        recipientKey: alice.device.recipientKey,
        deviceSignature,
      }),
    ),
    "E023",
  );
  assert.equal(await rig.store.accounts.accountByName({ username: "bob" }), undefined);
  assert.equal(await answerOf(rig.client().call(authentication.registerFinish, sameDevice)), "ok");
});

Deno.test("registration policy closed is E006 for both halves, not for a new password", async () => {
  const rig = new Rig({ config: { registration: "closed" } });
  const alice = await rig.account("alice");
  const { request } = await startRegistration("pass", "bob");
  const start = (client: ReturnType<Rig["client"]>, username: string) =>
    answerOf(client.call(authentication.registerStart, { suite: opaqueSuite, username, request }));
  assert.equal(await start(rig.client(), "bob"), "E006");
  assert.equal(await start(rig.client(), "alice"), "E006", "tells nothing about who is there");
  assert.equal(await start(alice.client, "bob"), "E006");
  assert.equal(await start(alice.client, "alice"), "ok");
  const bob = await TestAccount.create(rig, "bob");
  assert.equal(
    await answerOf(rig.client().call(authentication.registerFinish, await bob.registrationOf(new Uint8Array(129)))),
    "E006",
  );
});

Deno.test("registration policy invite accepts each code once, before its expiry, in any spelling", async () => {
  const rig = new Rig({ config: { registration: "invite" } });
  const code = await createInvite(rig.store.accounts, rig.nowMs + 1000);
  const alice = await TestAccount.create(rig, "alice");
  const params = await alice.registration("pass");
  const finish = (inviteCode: string) =>
    answerOf(rig.client().call(authentication.registerFinish, { ...params, inviteCode }));
  assert.equal(await finish(""), "E006");
  assert.equal(await finish("0000-0000-0000-0000"), "E006");
  rig.nowMs += 1000;
  assert.equal(await finish(code), "E006", "expired");
  rig.nowMs -= 1;
  assert.equal(await finish(code.toLowerCase().replaceAll("-", " ")), "ok");
  const bob = await TestAccount.create(rig, "bob");
  const bobs = { ...await bob.registrationOf(params.record), inviteCode: code };
  assert.equal(await answerOf(rig.client().call(authentication.registerFinish, bobs)), "E006", "used");
  assert.equal(await rig.store.accounts.accountByName({ username: "bob" }), undefined);
});

Deno.test("registration leaves neither the token nor the password nor a private key in the database", async () => {
  const password = "a password that is easy to find";
  const rig = new Rig({ config: { registration: "invite" } });
  const code = await createInvite(rig.store.accounts, rig.nowMs + 1000);
  const alice = await TestAccount.create(rig, "alice");
  const { accessToken } = await alice.register(password, code);
  const login = await alice.login(password);
  const file = await Deno.makeTempFile();
  try {
    await Deno.remove(file);
    rig.store.db.run("VACUUM INTO ?", file);
    const bytes = await Deno.readFile(file);
    const text = new TextEncoder();
    assert.ok(contains(bytes, alice.list.accountKey), "the search finds what is there");
    for (
      const secret of [
        accessToken,
        login.accessToken,
        text.encode(password),
        text.encode(code),
        text.encode(code.replaceAll("-", "")),
        alice.rootSeed,
        alice.device.seed,
      ]
    ) {
      assert.ok(!contains(bytes, secret));
    }
  } finally {
    await Deno.remove(file).catch(() => {});
  }
});

Deno.test("registration with a root key that another account has is E023", async () => {
  const rig = new Rig();
  const alice = await rig.account("alice");
  const device = await generateEd25519();
  const taken = { accountKey: alice.list.accountKey, username: "alice2" };
  const error = await answerOf(rig.store.accounts.register({
    ...taken,
    opaqueRecord: new Uint8Array(129),
    devices: alice.signed,
    vault: {
      version: 1,
      sealed: new Uint8Array([1]),
      wrappedByPassword: new Uint8Array(),
      wrappedByRecovery: new Uint8Array(),
      recoveryKey: new Uint8Array(),
    },
    device: { deviceId: device.publicKey.slice(0, 16), recipientKey: device.publicKey },
    session: { sessionId: new Uint8Array(16), tokenSha256: new Uint8Array(32), expiresMs: 1 },
  }));
  assert.equal(error, "E023");
});
