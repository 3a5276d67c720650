/** Devices and groups with random keys for tests. */

import type { Bytes } from "../../../schema/bytes.ts";
import { credentialSignedBytes, type DeviceCredential, deviceIdOf } from "../../../schema/credential.ts";
import { generateEd25519, type SignatureKeyPair, signEd25519 } from "../../crypto/ed25519.ts";
import { createMls, type GroupState, makeKeyPackage, type Mls, type MlsOptions } from "../group.ts";

export interface TestAccount {
  username: string;
  root: SignatureKeyPair;
}

export interface TestDevice {
  account: TestAccount;
  credential: DeviceCredential;
  keyPair: SignatureKeyPair;
}

export const now = () => Date.now();

/** Trusts all, revokes none. The tested rules do not depend on trust. */
export const trusting: MlsOptions = { trust: async () => true, isRevoked: async () => false };

export async function makeAccount(username: string): Promise<TestAccount> {
  return { username, root: await generateEd25519() };
}

export async function makeDevice(account: TestAccount): Promise<TestDevice> {
  const keyPair = await generateEd25519();
  const fields = {
    username: account.username,
    accountKey: account.root.publicKey,
    deviceId: await deviceIdOf(keyPair.publicKey),
    listVersion: 1,
  };
  const rootSignature = await signEd25519(account.root.seed, credentialSignedBytes(keyPair.publicKey, fields));
  return {
    account,
    keyPair,
    credential: { ...fields, rootSignature: rootSignature as DeviceCredential["rootSignature"] },
  };
}

export async function makeDevices(...usernames: string[]): Promise<TestDevice[]> {
  return await Promise.all(usernames.map(async (username) => makeDevice(await makeAccount(username))));
}

export async function keyPackageOf({ credential, keyPair }: TestDevice, lastResort = false) {
  return await makeKeyPackage({ credential, signatureKeyPair: keyPair, nowMs: now(), lastResort });
}

/** A group of these devices at epoch 1, each with its own adapter; the first made it. */
export interface TestGroup {
  mls: Mls;
  channelId: Bytes;
  states: GroupState[];
}

export async function makeGroup(
  devices: TestDevice[],
  kind: "direct" | "group" = "group",
  options: MlsOptions = trusting,
): Promise<TestGroup> {
  const mls = createMls(options);
  const channelId = crypto.getRandomValues(new Uint8Array(32));
  const own = await keyPackageOf(devices[0]);
  const alone = await mls.createGroup({
    channelId,
    keyPackage: own.privateRecord,
    info: { name: "test", kind, createdMs: 1 },
  });
  const packages = await Promise.all(devices.slice(1).map((device) => keyPackageOf(device)));
  const { newState, pending } = await mls.buildCommit(alone, {
    add: packages.map(({ keyPackage }) => keyPackage),
    nowMs: now(),
  });
  const states = [mls.mergePending(newState, pending)];
  for (const [index, device] of devices.slice(1).entries()) {
    const header = pending.bundle.headers.find(({ recipientKey }) =>
      recipientKey.join() === device.keyPair.publicKey.join()
    )!.header;
    const joined = await mls.joinFromWelcome({
      channelId,
      n: pending.n,
      header,
      sealedWelcome: pending.bundle.sealedWelcome,
      candidates: [packages[index].privateRecord],
      live: false,
    });
    if (joined.kind !== "processed") throw new Error(`joining: ${JSON.stringify(joined)}`);
    states.push(joined.newState);
  }
  return { mls, channelId, states };
}

/** @returns a random 16-byte id */
export function randomId(): Bytes {
  return crypto.getRandomValues(new Uint8Array(16));
}
