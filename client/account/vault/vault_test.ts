import assert from "node:assert/strict";
import { EngineError } from "../../api/errors.ts";
import {
  maxKeptChannels,
  mergeChannels,
  openVault,
  sealVault,
  unwrapVaultKeys,
  type VaultContent,
  wrapVaultKeys,
} from "./vault.ts";
import { fittingPins, mergePins, type Pin } from "./pins.ts";

const accountKey = new Uint8Array(32).fill(1);
const seed = new Uint8Array(32).fill(2);
const exportKey = new Uint8Array(32).fill(3);
const pin = (username: string, key: number, firstSeen: number, verified = false, decisionCount = 0): Pin => ({
  username,
  accountKey: new Uint8Array(32).fill(key),
  firstSeen,
  verified,
  decisionCount,
});
const unreadable = (work: Promise<unknown>) =>
  assert.rejects(work, (error) => error instanceof EngineError && error.problem.code === "L006");

async function made(version = 3) {
  const keys = { vaultKey: crypto.getRandomValues(new Uint8Array(32)), rootSeed: seed };
  const content: VaultContent = { pins: [pin("bob", 5, 10, true)], channels: [new Uint8Array(32).fill(6)] };
  const vault = {
    version,
    sealed: await sealVault(content, keys.vaultKey, accountKey, version),
    wrappedByPassword: await wrapVaultKeys(keys, "password", exportKey, accountKey),
    wrappedByRecovery: await wrapVaultKeys(keys, "recovery", new Uint8Array(20).fill(4), accountKey),
    recoveryKey: new Uint8Array(32),
  };
  return { keys, content, vault };
}

Deno.test("a vault opens by password and by recovery code, to the same content and root key", async () => {
  const { content, vault } = await made();
  for (
    const keys of [
      await unwrapVaultKeys(vault.wrappedByPassword, "password", exportKey, accountKey),
      await unwrapVaultKeys(vault.wrappedByRecovery, "recovery", new Uint8Array(20).fill(4), accountKey),
    ]
  ) {
    const opened = await openVault(vault, keys.vaultKey, accountKey);
    assert.deepEqual(opened, content);
    assert.deepEqual(keys.rootSeed, seed);
  }
  assert.ok(vault.wrappedByPassword.length <= 256);
});

Deno.test("openVault() refuses another version, an older one, another account's and changed bytes", async () => {
  const { keys, vault } = await made(3);
  await openVault(vault, keys.vaultKey, accountKey, 3);
  await unreadable(openVault(vault, keys.vaultKey, accountKey, 4));
  await unreadable(openVault({ ...vault, version: 4 }, keys.vaultKey, accountKey));
  await unreadable(openVault(vault, keys.vaultKey, new Uint8Array(32).fill(9)));
  for (let index = 0; index < vault.sealed.length; index += 7) {
    const changed = vault.sealed.slice();
    changed[index] ^= 1;
    await unreadable(openVault({ ...vault, sealed: changed }, keys.vaultKey, accountKey));
  }
  await unreadable(openVault({ ...vault, sealed: new Uint8Array() }, keys.vaultKey, accountKey));
});

Deno.test("no stored record of a device opens or contains the root key", async () => {
  const { keys, vault } = await made();
  assert.deepEqual(Object.keys(await openVault(vault, keys.vaultKey, accountKey)).sort(), ["channels", "pins"]);
  for (const wrapped of [vault.wrappedByPassword, vault.wrappedByRecovery]) {
    await unreadable(unwrapVaultKeys(wrapped, "password", keys.vaultKey, accountKey));
    await unreadable(unwrapVaultKeys(wrapped, "recovery", keys.vaultKey, accountKey));
  }
});

Deno.test("unwrapVaultKeys() refuses a wrong secret, the other wrap and another account's", async () => {
  const { vault } = await made();
  await unreadable(unwrapVaultKeys(vault.wrappedByPassword, "password", new Uint8Array(32), accountKey));
  await unreadable(unwrapVaultKeys(vault.wrappedByRecovery, "password", exportKey, accountKey));
  await unreadable(unwrapVaultKeys(vault.wrappedByPassword, "recovery", exportKey, accountKey));
  await unreadable(unwrapVaultKeys(vault.wrappedByPassword, "password", exportKey, seed));
  await unreadable(unwrapVaultKeys(new Uint8Array(), "password", exportKey, accountKey));
});

Deno.test("mergePins() keeps every name, the earliest sight, and of two keys the earlier pin", () => {
  const merged = mergePins([pin("carol", 1, 5), pin("bob", 2, 20, true), pin("dave", 3, 30)], [
    pin("bob", 2, 10),
    pin("dave", 4, 20, true),
    pin("alice", 5, 1),
  ]);
  assert.deepEqual(merged, [pin("alice", 5, 1), pin("bob", 2, 10, true), pin("carol", 1, 5), pin("dave", 4, 20, true)]);
  assert.deepEqual(mergePins([pin("dave", 3, 20)], [pin("dave", 4, 30)]), [pin("dave", 3, 20)]);
});

Deno.test("mergePins() prefers the pin with the user's latest decision to an earlier pin", () => {
  const first = pin("dave", 3, 10);
  const accepted = pin("dave", 4, 50, false, 1);
  assert.deepEqual(mergePins([accepted], [first]), [accepted]);
  assert.deepEqual(mergePins([first], [accepted]), [accepted]);
  const [verified, takenBack] = [pin("bob", 2, 10, true, 1), pin("bob", 2, 20, false, 2)];
  assert.deepEqual(mergePins([verified], [takenBack]), [pin("bob", 2, 10, false, 2)]);
  assert.deepEqual(mergePins([takenBack], [verified]), [pin("bob", 2, 10, false, 2)]);
});

Deno.test("mergeChannels() gives each id once, in one order", () => {
  const id = (byte: number) => new Uint8Array(32).fill(byte);
  assert.deepEqual(mergeChannels([id(3), id(1)], [id(2), id(1)]), [id(1), id(2), id(3)]);
});

Deno.test("a vault stays readable and within 128 KiB, and a flood of accounts displaces no pin", async () => {
  const { keys } = await made();
  const id = (index: number) => new Uint8Array(32).map((_, at) => at < 2 ? index >> (8 * at) : 7);
  const name = (index: number) => `${"n".repeat(27)}${String(index).padStart(5, "0")}`;
  const friends = [pin("bob", 5, 10), pin("carol", 6, 11)];
  const late = pin("dave", 7, 9_000_000_000_000, true, 1);
  const flood = Array.from({ length: 3_000 }, (_, index) => pin(name(index), 9, 1_800_000_000_000 + index));
  const channels = mergeChannels(Array.from({ length: 2_001 }, (_, index) => id(index)), [
    new Uint8Array(32).fill(200),
  ]);
  const pins = fittingPins(mergePins([...flood, late], friends));
  assert.equal(channels.length, maxKeptChannels);
  assert.ok(channels.some((channel) => channel[0] === 200 && channel[31] === 200), "what is in the vault stays");
  assert.ok(pins.length > 600);
  for (const known of [...friends, late]) assert.ok(pins.includes(known), known.username);
  assert.deepEqual(fittingPins(mergePins([...flood, late], pins)), pins, "merging again changes nothing");
  const sealed = await sealVault({ pins, channels }, keys.vaultKey, accountKey, 4);
  assert.ok(sealed.length <= 128 * 1024, `${sealed.length} bytes`);
  const vault = {
    version: 4,
    sealed,
    wrappedByPassword: new Uint8Array(),
    wrappedByRecovery: new Uint8Array(),
    recoveryKey: new Uint8Array(),
  };
  assert.equal((await openVault(vault, keys.vaultKey, accountKey)).channels.length, maxKeptChannels);
});
