/** Devices whose KeyPackages the server hands out though it should have refused them. */

import { type Bytes, toHex } from "../../schema/bytes.ts";
import { credentialOf, type StoredDevice } from "../account/devices/device.ts";
import type { ParsedKeyPackage } from "../mls/key_package.ts";
import { parseKeyPackage } from "../mls/group.ts";
import { type Spoiled, spoiledKeyPackage } from "../mls/testing/spoiled_key_package.ts";
import { SealedStore } from "../storage/sealed_store.ts";
import type { TestCore } from "./core.ts";
import type { Person } from "./person.ts";

/** @returns the keys of a person's device, as they lie on disk */
async function storedDevice(person: Person): Promise<StoredDevice> {
  const store = new SealedStore(person.storage.restarted(), person.wrappingKey);
  return (await store.get<StoredDevice>("account", "device"))!;
}

/** @returns KeyPackages of a person's device, signed by it */
async function spoiledPackages(person: Person, spoiled: Spoiled): Promise<() => Promise<Bytes>> {
  const device = await storedDevice(person);
  const keyPair = { seed: device.deviceSeed, publicKey: device.recipientKey };
  return () => spoiledKeyPackage({ credential: credentialOf(device), keyPair }, spoiled);
}

/** From now on the server hands out such KeyPackages for the person's device. @returns stops that */
export async function handOut(
  core: TestCore,
  person: Person,
  spoiled: Spoiled | Bytes | (() => Promise<Bytes>),
): Promise<() => void> {
  const deviceId = toHex((await storedDevice(person)).deviceId);
  const make = typeof spoiled === "function"
    ? spoiled
    : spoiled instanceof Uint8Array
    ? () => Promise.resolve(spoiled)
    : await spoiledPackages(person, spoiled);
  core.hostile.keyPackages.set(deviceId, make);
  return () => core.hostile.keyPackages.delete(deviceId);
}

/** @returns a KeyPackage that has passed its own checks, with another key */
export async function twinOf(person: Person, leafKey: Uint8Array): Promise<ParsedKeyPackage> {
  return await parseKeyPackage(await (await spoiledPackages(person, { leafKey }))());
}
