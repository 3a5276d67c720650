/** What a device does for its account on a server that was restored from a backup, or says so (decisions/023). */

import assert from "node:assert/strict";
import type { AccountDirectory } from "../../client/account/directory/directory.ts";
import { openVault, type VaultContent } from "../../client/account/vault/vault.ts";
import type { StoredVault } from "../../client/account/vault/vault_keeper.ts";
import { toHex } from "../../schema/bytes.ts";
import { authentication } from "../../schema/rpc/methods.ts";
import { AuthenticationServer } from "./authentication_server.ts";
import { password, Profile, rejectsWith, taken } from "./profile.ts";

const channel = (byte: number) => new Uint8Array(32).fill(byte);

async function withDevices() {
  const server = new AuthenticationServer();
  const [first, second, bob, carl] = await Promise.all([1, 2, 3, 4].map(() => Profile.open(server)));
  await first.manager.createAccount("alice", password);
  await second.manager.signIn("alice", password);
  await bob.manager.createAccount("bob.b", password);
  await carl.manager.createAccount("carl.c", password);
  return { server, first, second };
}

/** The server's vault as a device of the account reads it, its version at least the one seen. */
async function vaultOf({ context, store }: Profile): Promise<VaultContent & { version: number }> {
  const { vault } = await context.rpc.call(authentication.getVault, {});
  const seen = (await store.get<StoredVault>("account", "vault"))!;
  return { version: vault.version, ...await openVault(vault, seen.vaultKey, context.accountKey, seen.version) };
}

const names = ({ pins }: VaultContent) => pins.map(({ username }) => username);
const lost = ({ problems }: Profile) => problems.filter(({ code }) => code === "L006").length;

Deno.test("a restored server's vault is written again with all that this device has seen of the lost one", async () => {
  const { server, first, second } = await withDevices();
  await first.context.directory.byUsername("bob.b");
  await first.context.vault.sync(taken(channel(1)));
  const rollBack = server.keepVault("alice");
  // This pin is known to the first device by the vault alone.
  const { accountKey } = await second.context.directory.byUsername("carl.c");
  await second.context.directory.setVerified(accountKey, true);
  await second.context.vault.sync();
  await first.context.vault.sync(taken(channel(2)));
  const newest = await vaultOf(first);
  rollBack();
  server.restoredMs = 1_000;
  await first.context.vault.sync(taken(channel(2)));
  const again = await vaultOf(first);
  assert.ok(again.version > newest.version);
  assert.deepEqual(names(again), ["bob.b", "carl.c"]);
  assert.equal(again.pins[1].verified, true);
  assert.deepEqual(again.channels, [channel(1), channel(2)]);
  await second.context.vault.sync();
  assert.deepEqual([first, second].map(lost), [0, 0]);
});

Deno.test("an older vault takes no doubt about a key back that a newer one raised", async () => {
  const { server, first, second } = await withDevices();
  const liar = new AuthenticationServer();
  const other = await Profile.open(liar);
  await other.manager.createAccount("bob.b", password);
  const { account: wrong } = await other.context.rpc.call(authentication.lookup, { username: "bob.b" });
  const rollBack = server.keepVault("alice");
  await first.context.directory.byUsername("bob.b");
  await first.context.vault.sync();
  const directory = second.context.directory as AccountDirectory;
  await directory.take(wrong);
  await second.context.vault.sync();
  const requireUnchanged = () => rejectsWith(directory.requireUnchanged([wrong]), "L007");
  await requireUnchanged();
  rollBack();
  server.restoredMs = 1_000;
  await second.context.vault.sync();
  await directory.take(wrong);
  await requireUnchanged();
  const [pin] = (await vaultOf(second)).pins;
  assert.notDeepEqual(pin.accountKey, wrong.accountKey);
});

Deno.test("a restore that was dealt with allows no older vault", async () => {
  const { server, first } = await withDevices();
  const rollBack = server.keepVault("alice");
  await first.context.vault.sync(taken(channel(1)));
  rollBack();
  server.restoredMs = 1_000;
  await first.store.write({ puts: [{ store: "account", key: "sync/restored", value: server.restoredMs }] });
  await rejectsWith(first.context.vault.sync(), "L006");
  await rejectsWith(first.manager.newRecoveryCode(password), "L006");
});

Deno.test("after a restore, a new recovery code and a new password are taken before anything was synced", async () => {
  const { server, first } = await withDevices();
  const rollBack = server.keepVault("alice");
  await first.context.vault.sync(taken(channel(1)));
  const { version } = await vaultOf(first);
  rollBack();
  server.restoredMs = 1_000;
  await first.manager.newRecoveryCode(password);
  const { version: again } = await vaultOf(first);
  assert.ok(again > version);
  rollBack();
  await first.manager.changePassword(password, "another horse, another battery");
  assert.ok((await vaultOf(first)).version > again);
});

Deno.test("a revocation that a restored server has lost is put there again, without a password", async () => {
  const { server, first, second } = await withDevices();
  await first.manager.devices();
  const showOldList = server.keepDeviceList("alice");
  const { deviceId } = second.context;
  await first.manager.revokeDevice(toHex(deviceId), password);
  showOldList();
  assert.equal((await first.ownDevices()).includes(toHex(deviceId)), true);
  await first.context.putDevicesAgain();
  assert.equal((await first.ownDevices()).includes(toHex(deviceId)), false);
  await first.context.putDevicesAgain();
});

Deno.test("a list that can not follow the server's leaves the server's as it is", async () => {
  const { server, first, second } = await withDevices();
  const third = await Profile.open(server);
  await third.manager.signIn("alice", password);
  await first.manager.devices();
  const showOldList = server.keepDeviceList("alice");
  for (const { context } of [second, third]) await first.manager.revokeDevice(toHex(context.deviceId), password);
  showOldList();
  await first.context.putDevicesAgain();
  assert.equal((await first.ownDevices()).length, 3);
});
