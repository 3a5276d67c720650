import assert from "node:assert/strict";
import { openVault } from "../../client/account/vault/vault.ts";
import type { StoredVault } from "../../client/account/vault/vault_keeper.ts";
import { toHex } from "../../schema/bytes.ts";
import { openDeviceList } from "../../schema/device_list.ts";
import { ErrorCode } from "../../schema/rpc/errors.ts";
import { authentication } from "../../schema/rpc/methods.ts";
import { AuthenticationServer } from "./authentication_server.ts";
import { password, Profile, rejectsWith, taken } from "./profile.ts";

const next = "another horse, another battery";

async function withTwoDevices() {
  const server = new AuthenticationServer();
  const [first, second] = [await Profile.open(server), await Profile.open(server)];
  const { recoveryCode } = await first.manager.createAccount("alice", password);
  await second.manager.signIn("alice", password);
  return { server, first, second, recoveryCode };
}

/** Signs in on a browser that was never here: the whole way, vault and root key included. */
async function signsIn(server: AuthenticationServer, withPassword: string): Promise<Profile> {
  const profile = await Profile.open(server);
  await profile.manager.signIn("alice", withPassword);
  return profile;
}

const ended = async (profile: Profile) => {
  await profile.context.rpc.call(authentication.countKeyPackages, {}).catch(() => {});
  return profile.manager.state.kind === "ended";
};

Deno.test("changePassword() changes the password, keeps this session and ends every other one", async () => {
  const { server, first, second } = await withTwoDevices();
  await rejectsWith(first.manager.changePassword("not the password", next), "L022");
  await rejectsWith(first.manager.changePassword(password, "short"), "L003");
  await first.manager.changePassword(password, next);
  assert.equal(await ended(first), false);
  assert.equal(await ended(second), true);
  await rejectsWith(signsIn(server, password), "L022");
  const third = await signsIn(server, next);
  assert.equal((await third.ownDevices()).length, 3);
  // The other device is still the account's: it goes on once the new password is given.
  await second.manager.signIn("alice", next);
  assert.equal((await second.ownDevices()).length, 3);
  await first.start();
  assert.equal(await ended(first), false, "the session that goes on is the one on disk");
});

Deno.test("changePassword() whose answer is lost has done its work, and keeps the device", async () => {
  const { server, first } = await withTwoDevices();
  server.loseAnswer(authentication.changePassword);
  await first.manager.changePassword(password, next);
  await first.start();
  assert.equal(await ended(first), false);
  await signsIn(server, next);
  // The vault has moved on without this device knowing.
  await first.context.vault.sync();
  await first.manager.changePassword(next, password);
  await signsIn(server, password);
});

Deno.test("changePassword() that fails leaves the old password good and no session behind", async () => {
  const { server, first } = await withTwoDevices();
  server.refuseNext(authentication.changePassword, ErrorCode.draining);
  await rejectsWith(first.manager.changePassword(password, next), "E040");
  assert.equal(await ended(first), false);
  assert.equal(
    (await first.context.rpc.call(authentication.listSessions, {})).sessions.length,
    2,
    "one for each device",
  );
  await rejectsWith(signsIn(server, next), "L022");
  server.refuseNext(authentication.changePassword, ErrorCode.epochConflict);
  await first.manager.changePassword(password, next);
  await signsIn(server, next);
});

Deno.test("newRecoveryCode() makes the code before it void, and leaves password and sessions as they are", async () => {
  const { server, first, second, recoveryCode } = await withTwoDevices();
  await rejectsWith(first.manager.newRecoveryCode("not the password"), "L022");
  const { sessions } = await first.context.rpc.call(authentication.listSessions, {});
  const { recoveryCode: fresh } = await first.manager.newRecoveryCode(password);
  assert.notEqual(fresh, recoveryCode);
  assert.deepEqual(
    (await first.context.rpc.call(authentication.listSessions, {})).sessions.map(({ sessionId }) => sessionId),
    sessions.map(({ sessionId }) => sessionId),
  );
  assert.equal(await ended(second), false);
  const lost = await Profile.open(server);
  await rejectsWith(lost.manager.recover("alice", recoveryCode, next), "L014");
  await lost.manager.recover("alice", fresh, next);
  assert.equal(lost.manager.state.kind, "signed-in");
});

Deno.test("recover() sets a new password with the code alone, and gives the next code", async () => {
  const { server, first, second, recoveryCode } = await withTwoDevices();
  const channel = new Uint8Array(32).fill(7);
  await first.context.vault.sync(taken(channel));
  const third = await Profile.open(server);
  await rejectsWith(third.manager.recover("alice", recoveryCode.slice(0, -1), next), "L014");
  await rejectsWith(third.manager.recover("nobody", recoveryCode, next), "L014");
  await rejectsWith(third.manager.recover("alice", recoveryCode, "short"), "L003");
  assert.equal(third.manager.state.kind, "signed-out");
  const { recoveryCode: after } = await third.manager.recover("alice", recoveryCode, next);
  assert.equal(third.manager.state.kind, "signed-in");
  const { vault } = await third.context.rpc.call(authentication.getVault, {});
  const { vaultKey } = (await third.store.get<StoredVault>("account", "vault"))!;
  assert.deepEqual((await openVault(vault, vaultKey, third.context.accountKey)).channels, [channel]);
  for (const device of [first, second]) assert.equal(await ended(device), true);
  await rejectsWith(signsIn(server, password), "L022");
  const fourth = await Profile.open(server);
  await rejectsWith(fourth.manager.recover("alice", recoveryCode, password), "L014");
  await fourth.manager.recover("alice", after, password);
});

Deno.test("recover() whose last answer is lost gives the next code; after another the code is still good", async () => {
  const { server, recoveryCode } = await withTwoDevices();
  const third = await Profile.open(server);
  server.loseAnswer(authentication.recoverOpen);
  await rejectsWith(third.manager.recover("alice", recoveryCode, next), "L001");
  server.loseAnswer(authentication.recoverFinish);
  const { recoveryCode: after } = await third.manager.recover("alice", recoveryCode, next);
  assert.equal(third.manager.state.kind, "signed-in");
  await (await Profile.open(server)).manager.recover("alice", after, password);
});

Deno.test("devices() shows devices with their sessions; revokeDevice() takes one out for good", async () => {
  const { server, first, second } = await withTwoDevices();
  const devices = await first.manager.devices();
  assert.deepEqual(devices.map(({ current, sessions }) => [current, sessions]), [[true, 1], [false, 1]]);
  assert.ok(devices.every(({ lastUsedMs, createdMs }) => lastUsedMs! > 0 && createdMs! > 0));
  const { deviceId } = devices[1];
  await rejectsWith(first.manager.revokeDevice(deviceId, "not the password"), "L022");
  await rejectsWith(first.manager.revokeDevice("no hex", password), "L023");
  assert.equal((await first.ownDevices()).length, 2);
  await first.manager.revokeDevice(deviceId, password);
  assert.deepEqual((await first.manager.devices()).map(({ current }) => current), [true]);
  assert.equal(await ended(second), true);
  assert.deepEqual(
    (await first.context.rpc.call(authentication.listSessions, {})).sessions.length,
    1,
    "the session of the confirmation is over",
  );
  // Signing in again there makes another device, never that one.
  await second.manager.signIn("alice", password);
  assert.ok(!(await second.ownDevices()).includes(deviceId));
  await first.manager.revokeDevice(deviceId, password);
  assert.equal((await first.ownDevices()).length, 2, "revoked before: nothing changes");
  server.refuseNext(authentication.putDeviceList, ErrorCode.epochConflict);
  await first.manager.revokeDevice((await first.manager.devices())[1].deviceId, password);
  assert.equal((await first.ownDevices()).length, 1);
});

Deno.test("an older vault is L006 for a running device, and nothing is written", async () => {
  const { server, first } = await withTwoDevices();
  await first.store.write({
    puts: [{
      store: "account",
      key: "vault",
      value: { ...(await first.store.get<StoredVault>("account", "vault"))!, version: 9 },
    }],
  });
  await rejectsWith(first.context.vault.sync(taken(new Uint8Array(32).fill(2))), "L006");
  await rejectsWith(first.manager.newRecoveryCode(password), "L006");
  await rejectsWith(first.manager.changePassword(password, next), "L006");
  await signsIn(server, password);
});

Deno.test("revokeDevice() signs nothing on top of a device list that is older than one seen", async () => {
  const { server, first, second } = await withTwoDevices();
  const third = await signsIn(server, password);
  const { deviceId: stolen } = second.context;
  const { deviceId: other } = third.context;
  await first.manager.devices();
  const showOldList = server.keepDeviceList("alice");
  await first.manager.revokeDevice(toHex(stolen), password);
  showOldList();
  await rejectsWith(first.manager.revokeDevice(toHex(other), password), "L020");
  const { account } = await first.context.rpc.call(authentication.lookup, { username: "alice" });
  assert.equal((await openDeviceList(account.devices)).version, 3, "the one that was kept");
});

Deno.test("a rolled-back vault is refused at a sign-in (L006) until the newer one is back", async () => {
  const { server, first, second } = await withTwoDevices();
  const rollBack = server.keepVault("alice");
  await first.context.vault.sync(taken(new Uint8Array(32).fill(1)));
  await second.context.vault.sync();
  // A device that is out of the account signs in as a new one, in the same profile.
  await first.manager.revokeDevice(toHex(second.context.deviceId), password);
  assert.equal(await ended(second), true);
  assert.deepEqual(second.manager.state, { kind: "ended", username: "alice", code: "revoked" });
  const restore = rollBack();
  await rejectsWith(second.manager.signIn("alice", password), "L006");
  assert.equal(second.manager.state.kind, "ended", "it is as it was before");
  assert.equal((await first.ownDevices()).length, 1);
  restore();
  await second.manager.signIn("alice", password);
  assert.equal((await first.ownDevices()).length, 2);
});

Deno.test("a rolled-back vault is told to a signed-in user once, though nobody waits", async () => {
  const { server, first } = await withTwoDevices();
  const rollBack = server.keepVault("alice");
  await first.context.vault.sync(taken(new Uint8Array(32).fill(1)));
  rollBack();
  const unreadable = () => first.problems.filter(({ code }) => code === "L006").length;
  for (let times = 0; times < 3; times++) {
    await first.manager.syncClock();
    while (unreadable() === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await rejectsWith(first.context.vault.sync(), "L006");
  assert.equal(unreadable(), 1);
});
