/**
 * The device list that an account's root key signs (specification §1.2): which devices speak for the account.
 */

import { type Bytes, concat, equalBytes, sha256, utf8 } from "./bytes.ts";
import { decodeCbor, encodeCbor } from "./cbor.ts";
import { deviceIdOf } from "./credential.ts";
import { signEd25519, verifyEd25519 } from "./ed25519.ts";
import { MalformedError } from "./malformed_error.ts";
import { bytesOf, countOf, listOf, recordOf } from "./shape.ts";
import { usernameOf } from "./username.ts";

/** How many devices an account may have at once, and how many revoked ids a list may hold. */
export const maxDevices = 20;
export const maxRevoked = 1000;

export interface Device {
  /** 16 bytes. */
  deviceId: Bytes;
  /** 32 bytes: the device's MLS signature key and the name of its queue. */
  recipientKey: Bytes;
}

export interface DeviceList {
  /** 32 bytes. */
  accountKey: Bytes;
  username: string;
  /** 1, 2, 3, … without gaps. */
  version: number;
  devices: Device[];
  /** 16-byte ids of devices that may never come back. */
  revoked: Bytes[];
  /** 32 bytes: SHA-256 of the list before this one; zeros in version 1. */
  prevHash: Bytes;
}

/** A list's CBOR and the root key's signature over "qpq/1 devices" ‖ list. */
export interface SignedDeviceList {
  list: Bytes;
  signature: Bytes;
}

const label = utf8("qpq/1 devices");

/**
 * @param rootSeed 32 bytes: the account's private root key
 * @returns the signed form that goes to the directory
 */
export async function signDeviceList(list: DeviceList, rootSeed: Uint8Array): Promise<SignedDeviceList> {
  const { accountKey, username, version, devices, revoked, prevHash } = list;
  const bytes = encodeCbor({
    accountKey,
    username,
    version,
    devices: devices.map(({ deviceId, recipientKey }) => ({ deviceId, recipientKey })),
    revoked,
    prevHash,
  });
  return { list: bytes, signature: await signEd25519(rootSeed, concat(label, bytes)) };
}

/**
 * Decodes a list without a look at its signature: one that this device has checked before, and stored.
 *
 * @throws MalformedError
 */
export function readDeviceList(list: Uint8Array): DeviceList {
  const fields = recordOf(
    decodeCbor(list),
    ["accountKey", "username", "version", "devices", "revoked", "prevHash"],
    "device list",
  );
  return {
    accountKey: bytesOf(fields.accountKey, 32, "accountKey"),
    username: usernameOf(fields.username),
    version: countOf(fields.version, "version"),
    devices: listOf(fields.devices, maxDevices, "devices", deviceOf),
    revoked: listOf(fields.revoked, maxRevoked, "revoked", (value, what) => bytesOf(value, 16, what)),
    prevHash: bytesOf(fields.prevHash, 32, "prevHash"),
  };
}

/**
 * Decodes a list and checks all that it proves by itself: signature by the account key that it names, device
 * ids, no device twice or both listed and revoked.
 *
 * @throws MalformedError
 */
export async function openDeviceList(
  { list, signature }: { list: Uint8Array; signature: Uint8Array },
): Promise<DeviceList> {
  const opened = readDeviceList(list);
  if (opened.version < 1) throw new MalformedError("device list: versions start at 1");
  if (!await verifyEd25519(opened.accountKey, signature, concat(label, list))) {
    throw new MalformedError("device list: bad signature");
  }
  const ids = [...opened.devices.map(({ deviceId }) => deviceId), ...opened.revoked];
  if (ids.some((id, index) => ids.findIndex((other) => equalBytes(other, id)) !== index)) {
    throw new MalformedError("device list: a device stands in it twice");
  }
  for (const { deviceId, recipientKey } of opened.devices) {
    if (!equalBytes(deviceId, await deviceIdOf(recipientKey))) {
      throw new MalformedError("device list: a device id is not its key's");
    }
  }
  return opened;
}

/**
 * Whether `next` may follow `current`: same account, the next version, chained by hash, and nothing revoked comes back.
 *
 * @param currentBytes the CBOR of the list before
 * @returns undefined, or what is wrong
 */
export async function deviceListSuccession(
  current: DeviceList,
  currentBytes: Uint8Array,
  next: DeviceList,
): Promise<string | undefined> {
  if (!equalBytes(current.accountKey, next.accountKey) || current.username !== next.username) return "another account";
  if (next.version !== current.version + 1) return "not the next version";
  if (!equalBytes(next.prevHash, await sha256(currentBytes))) return "not chained to the list before";
  const isIn = (ids: Uint8Array[], id: Uint8Array) => ids.some((other) => equalBytes(other, id));
  if (!current.revoked.every((id) => isIn(next.revoked, id))) return "a revoked device came back";
  const kept = [...next.revoked, ...next.devices.map(({ deviceId }) => deviceId)];
  if (!current.devices.every(({ deviceId }) => isIn(kept, deviceId))) return "a device vanished without being revoked";
  return undefined;
}

function deviceOf(value: unknown, what: string): Device {
  const fields = recordOf(value, ["deviceId", "recipientKey"], what);
  return {
    deviceId: bytesOf(fields.deviceId, 16, `${what}.deviceId`),
    recipientKey: bytesOf(fields.recipientKey, 32, `${what}.recipientKey`),
  };
}
