import assert from "node:assert/strict";
import { suite1 } from "../../client/account/sign_in/opaque_client.ts";
import { toHex } from "../../schema/bytes.ts";
import { MemoryStorage } from "../../client/storage/testing/memory.ts";
import { ErrorCode } from "../../schema/rpc/errors.ts";
import { authentication } from "../../schema/rpc/methods.ts";
import { AuthenticationServer } from "./authentication_server.ts";
import { password, Profile, rejectsWith, taken } from "./profile.ts";

Deno.test("createAccount() with full Argon2id makes a working device with KeyPackages", async () => {
  const server = new AuthenticationServer();
  const alice = await Profile.open(server, { suite: suite1 });
  const { recoveryCode } = await alice.manager.createAccount("alice", password);
  assert.match(recoveryCode, /^([0-9A-Z]{4}-){8}[0-9A-Z*~$=]$/);
  assert.equal(alice.manager.state.kind, "signed-in");
  assert.deepEqual(await alice.context.rpc.call(authentication.countKeyPackages, {}), {
    available: 20,
    lastResort: true,
  });
  assert.equal((await alice.context.keyPackages.candidates(new Uint8Array(32))).length, 21);
  assert.deepEqual([...new Set(alice.progress.map((step) => step?.task))], ["registering", "password", undefined]);
  assert.deepEqual(alice.progress.filter((step) => step?.total).at(-1), { task: "registering", done: 21, total: 21 });
  const bob = await Profile.open(server);
  await rejectsWith(bob.manager.createAccount("alice", password), "E007");
});

Deno.test("createAccount() refuses weak passwords, bad names and a profile that is signed in", async () => {
  const alice = await Profile.open(new AuthenticationServer());
  await rejectsWith(alice.manager.createAccount("alice", "short"), "L003");
  await rejectsWith(alice.manager.createAccount("Alice", password), "L021");
  await alice.manager.createAccount("alice", password);
  await rejectsWith(alice.manager.createAccount("alice2", password), "L012");
  await rejectsWith(alice.manager.signIn("alice", password), "L012");
});

Deno.test("resume() comes back to the same device, without a call", async () => {
  const server = new AuthenticationServer();
  const alice = await Profile.open(server);
  assert.deepEqual(await alice.start(), { kind: "signed-out" });
  await alice.manager.createAccount("alice", password);
  const before = alice.manager.state;
  server.online = false;
  assert.deepEqual(await alice.start(), before);
  server.online = true;
  await alice.context.keyPackages.replenish();
  assert.deepEqual(await alice.context.rpc.call(authentication.countKeyPackages, {}), {
    available: 20,
    lastResort: true,
  });
});

Deno.test("signIn() on a second browser makes a second device, with the pins of the first", async () => {
  const server = new AuthenticationServer();
  const [first, second, bob] = [await Profile.open(server), await Profile.open(server), await Profile.open(server)];
  await first.manager.createAccount("alice", password);
  await bob.manager.createAccount("bob.b", password);
  const pinned = await first.context.directory.byUsername("bob.b");
  await first.context.directory.setVerified(pinned.accountKey, true);
  const channelId = new Uint8Array(32).fill(3);
  await first.context.vault.sync(taken(channelId));
  await second.manager.signIn("alice", password);
  assert.equal((await second.ownDevices()).length, 2);
  assert.equal(toHex(second.context.accountKey), toHex(first.context.accountKey));
  const seen = await second.context.directory.byUsername("bob.b");
  assert.deepEqual([seen.verified, seen.firstSeenMs], [true, pinned.firstSeenMs]);
  assert.deepEqual(await second.context.rpc.call(authentication.countKeyPackages, {}), {
    available: 20,
    lastResort: true,
  });
  const [changed] = await first.context.directory.refresh([first.context.accountKey]);
  assert.equal(changed.devices.devices.length, 2);
});

Deno.test("signIn() answers a wrong password and an unknown name alike, and stays signed out", async () => {
  const server = new AuthenticationServer();
  const alice = await Profile.open(server);
  await alice.manager.createAccount("alice", password);
  const other = await Profile.open(server);
  await rejectsWith(other.manager.signIn("alice", `${password}!`), "L022");
  await rejectsWith(other.manager.signIn("nobody", password), "L022");
  assert.deepEqual(other.manager.state, { kind: "signed-out" });
  assert.ok(!server.calls.slice(server.calls.lastIndexOf("loginStart")).includes("loginFinish"));
});

Deno.test("signIn() puts its device into the list even when another device's change comes first", async () => {
  const server = new AuthenticationServer();
  const alice = await Profile.open(server);
  await alice.manager.createAccount("alice", password);
  const second = await Profile.open(server);
  server.refuseNext(authentication.putDeviceList, ErrorCode.epochConflict);
  await second.manager.signIn("alice", password);
  assert.equal((await second.ownDevices()).length, 2);
  assert.equal(server.calls.filter((name) => name === "putDeviceList").length, 2);
});

Deno.test("an ended session survives a restart; signing in again goes on with the same device", async () => {
  const server = new AuthenticationServer();
  const alice = await Profile.open(server);
  await alice.manager.createAccount("alice", password);
  const { deviceId } = alice.context;
  server.refuseNext(authentication.countKeyPackages, ErrorCode.sessionExpired);
  await rejectsWith(alice.context.keyPackages.replenish(), "E002");
  assert.deepEqual(alice.manager.state, { kind: "ended", username: "alice", code: "E002" });
  assert.equal(alice.manager.context, undefined);
  assert.deepEqual(await alice.start(), { kind: "ended", username: "alice", code: "E002" });
  await alice.store.write({ puts: [{ store: "groups", key: "kept", value: 1 }] });
  await alice.manager.signIn("alice", password);
  assert.deepEqual(alice.context.deviceId, deviceId);
  assert.equal(await alice.store.get("groups", "kept"), 1);
  assert.deepEqual(await alice.ownDevices(), [toHex(deviceId)]);
});

Deno.test("a call that is forbidden for itself alone does not end the session", async () => {
  const server = new AuthenticationServer();
  const alice = await Profile.open(server);
  await alice.manager.createAccount("alice", password);
  server.refuseNext(authentication.searchUsers, ErrorCode.forbidden);
  await rejectsWith(alice.context.directory.search("bo"), "E003");
  assert.equal(alice.manager.state.kind, "signed-in");
});

Deno.test("an evicted profile's next sign-in revokes its device and makes a new one", async () => {
  const server = new AuthenticationServer();
  const alice = await Profile.open(server);
  await alice.manager.createAccount("alice", password);
  const lost = toHex(alice.context.deviceId);
  alice.storage = new MemoryStorage();
  assert.deepEqual(await alice.start(), { kind: "ended", username: "alice", code: "evicted" });
  assert.deepEqual(await alice.start(), { kind: "ended", username: "alice", code: "evicted" });
  await alice.manager.signIn("alice", password);
  assert.notEqual(toHex(alice.context.deviceId), lost);
  assert.deepEqual(await alice.ownDevices(), [toHex(alice.context.deviceId)]);
  const own = await alice.context.directory.byKey(alice.context.accountKey);
  assert.deepEqual(own?.devices.revoked.map(toHex), [lost]);
  assert.equal((await alice.start()).kind, "signed-in");
});

Deno.test("signOut() ends the session and clears the profile, also without a connection", async () => {
  const server = new AuthenticationServer();
  for (const online of [true, false]) {
    const alice = await Profile.open(server);
    await alice.manager.createAccount(`alice.${online}`, password);
    const { rpc } = alice.context;
    server.online = online;
    await alice.manager.signOut();
    server.online = true;
    assert.deepEqual(alice.manager.state, { kind: "signed-out" });
    assert.equal(alice.text, undefined);
    assert.deepEqual([
      ...await alice.storage.range("account", ""),
      ...await alice.storage.range("keypackages", ""),
      ...await alice.storage.range("accounts", ""),
    ], []);
    if (online) await assert.rejects(rpc.call(authentication.countKeyPackages, {}), /E001/);
    await alice.manager.signIn(`alice.${online}`, password);
  }
});

Deno.test("createAccount() gives the recovery code before the KeyPackages are up", async () => {
  const server = new AuthenticationServer();
  const alice = await Profile.open(server);
  server.refuseNext(authentication.countKeyPackages, ErrorCode.internal);
  assert.ok((await alice.manager.createAccount("alice", password)).recoveryCode);
  assert.deepEqual(alice.problems.map(({ code }) => code), ["E050"]);
  await alice.context.keyPackages.replenish();
  assert.deepEqual(await alice.context.rpc.call(authentication.countKeyPackages, {}), {
    available: 20,
    lastResort: true,
  });
});

Deno.test("a server that stops while the KeyPackages go up is no problem to tell of: its state says so", async () => {
  const server = new AuthenticationServer();
  const alice = await Profile.open(server);
  server.refuseNext(authentication.countKeyPackages, ErrorCode.draining);
  assert.ok((await alice.manager.createAccount("alice", password)).recoveryCode);
  assert.deepEqual(alice.problems, []);
});

Deno.test("no storage fault while enrolling leaves half a device behind", async () => {
  const server = new AuthenticationServer();
  for (const fault of ["lose", "crash", "crash-after"] as const) {
    const alice = await Profile.open(server);
    alice.storage.failWrite(1, fault);
    await rejectsWith(alice.manager.createAccount(`alice.${fault}`, password), "L005");
    alice.storage = alice.storage.restarted();
    const state = await alice.start();
    assert.equal(state.kind, fault === "crash-after" ? "signed-in" : "signed-out");
    if (state.kind === "signed-out") await alice.manager.signIn(`alice.${fault}`, password);
    await alice.context.keyPackages.replenish();
    assert.deepEqual(await alice.context.rpc.call(authentication.countKeyPackages, {}), {
      available: 20,
      lastResort: true,
    });
  }
});

Deno.test("a device whose clock is wrong is told so, and its KeyPackages are made by the server's clock", async () => {
  const server = new AuthenticationServer();
  server.aheadMs = 5 * 24 * 3_600_000;
  const alice = await Profile.open(server);
  await alice.manager.createAccount("alice", password);
  assert.deepEqual(alice.problems.map(({ code }) => code), ["L013"]);
  assert.ok(Math.abs(alice.context.clock.offsetMs - server.aheadMs) < 1000);
  assert.deepEqual(await alice.context.rpc.call(authentication.countKeyPackages, {}), {
    available: 20,
    lastResort: true,
  });
});

Deno.test("vault.sync() merges with what another device put there at the same time", async () => {
  const server = new AuthenticationServer();
  const [first, second] = [await Profile.open(server), await Profile.open(server)];
  await first.manager.createAccount("alice", password);
  await second.manager.signIn("alice", password);
  const channel = (byte: number) => new Uint8Array(32).fill(byte);
  await Promise.all([first.context.vault.sync(taken(channel(1))), second.context.vault.sync(taken(channel(2)))]);
  await first.context.vault.sync();
  const { vault } = await first.context.rpc.call(authentication.getVault, {});
  assert.equal(vault.version, 3);
  server.refuseNext(authentication.putVault, ErrorCode.epochConflict);
  await first.context.vault.sync(taken(channel(3)));
  assert.equal((await first.context.rpc.call(authentication.getVault, {})).vault.version, 4);
});
