/** This device: its keys, its credential and its stored record (specification §1.3). */

import { type Bytes, concat } from "../../../schema/bytes.ts";
import { credentialSignedBytes, type DeviceCredential, deviceIdOf } from "../../../schema/credential.ts";
import { generateEd25519, signEd25519 } from "../../../schema/ed25519.ts";
import type { RpcClient } from "../../../schema/rpc/client.ts";
import { authentication, type DeviceProof } from "../../../schema/rpc/methods.ts";
import { deviceProofBytes, type ProvenCall } from "../../../schema/signed_call.ts";

export interface DeviceKeys {
  /** 32 bytes, private. */
  deviceSeed: Bytes;
  /** 32 bytes. */
  recipientKey: Bytes;
  /** 16 bytes. */
  deviceId: Bytes;
}

/** The stored record account/device. Its fields are those of the credential and the keys. */
export interface StoredDevice extends DeviceKeys {
  username: string;
  accountKey: Bytes;
  listVersion: number;
  rootSignature: Bytes;
}

/** @returns fresh keys of a device: Ed25519 seed and public key (32 bytes each) and the id that follows from it (16) */
export async function newDevice(): Promise<DeviceKeys> {
  const { seed, publicKey } = await generateEd25519();
  return { deviceSeed: seed, recipientKey: publicKey, deviceId: await deviceIdOf(publicKey) };
}

/** @param listVersion of the first device list that contains the device */
export async function enrolledDevice(
  device: DeviceKeys,
  account: { username: string; accountKey: Bytes },
  listVersion: number,
  rootSeed: Uint8Array,
): Promise<StoredDevice> {
  const { username, accountKey } = account;
  const rootSignature = await signEd25519(
    rootSeed,
    credentialSignedBytes(device.recipientKey, { username, accountKey, deviceId: device.deviceId, listVersion }),
  );
  return { ...device, username, accountKey, listVersion, rootSignature };
}

/** @returns the credential in the device's MLS leaf */
export function credentialOf(
  { username, accountKey, deviceId, listVersion, rootSignature }: StoredDevice,
): DeviceCredential {
  return { username, accountKey, deviceId, listVersion, rootSignature };
}

/**
 * Asks for a nonce and signs one sensitive call with the device key (specification §4.10).
 *
 * @param fields in the order of `deviceProofBytes`
 */
export async function proveCall(
  rpc: RpcClient,
  deviceSeed: Uint8Array,
  call: ProvenCall,
  fields: Uint8Array[],
): Promise<DeviceProof> {
  const { nonce } = await rpc.call(authentication.challenge, {});
  return { nonce, signature: await signEd25519(deviceSeed, concat(await deviceProofBytes(call, nonce, fields))) };
}
