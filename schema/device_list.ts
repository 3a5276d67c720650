/**
 * The device list that an account's root key signs (specification §1.2): which devices speak for the account.
 */

import { type Bytes, concat, equalBytes, sha256, toHex, utf8 } from "./bytes.ts";
import { decodeCbor, encodeCbor } from "./cbor.ts";
import { deviceIdOf } from "./credential.ts";
import { signEd25519, verifyEd25519 } from "./ed25519.ts";
import { MalformedError } from "./malformed_error.ts";
import { bytesOf, countOf, listOf, recordOf } from "./shape.ts";
import { usernameOf } from "./username.ts";

/** How many devices an account may have at once, and how many revoked ids a list may hold. */
export const maxDevices = 20;
const maxRevoked = 1000;

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
  /** 16-byte ids of devices that may never come back, in the order of their revocation: the newest 1,000. */
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
  if (idSet(ids).size !== ids.length) {
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
 * Whether `next` may follow `current`: same account, the next version, chained by hash, and nothing
 * revoked comes back.
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
  return deviceListFault(current, next);
}

/**
 * Whether one of the later lists of an account may follow an earlier one, as far as their devices say.
 *
 * @returns undefined, or what is wrong
 */
export function deviceListFault(earlier: DeviceList, later: DeviceList): string | undefined {
  const revoked = idSet(later.revoked);
  const listed = idSet(later.devices.map(({ deviceId }) => deviceId));
  // A list that is full has forgotten its oldest ids: those that stood first.
  const kept = earlier.revoked.findIndex((id) => revoked.has(toHex(id)));
  const forgotten = !isFull(later) ? 0 : kept < 0 ? earlier.revoked.length : kept;
  const isBack = (id: Bytes, index: number) => listed.has(toHex(id)) || (index >= forgotten && !revoked.has(toHex(id)));
  if (earlier.revoked.some(isBack)) return "a revoked device came back";
  // A device that was revoked since is forgotten after all that were revoked before it.
  const mayBeForgotten = isFull(later) && forgotten === earlier.revoked.length && later.version > earlier.version + 1;
  const isKept = ({ deviceId }: Device) => revoked.has(toHex(deviceId)) || listed.has(toHex(deviceId));
  return mayBeForgotten || earlier.devices.every(isKept) ? undefined : "a device vanished without being revoked";
}

/** Whether a list names as many revoked devices as it may, so that older ones may be missing. */
export function isFull({ revoked }: Pick<DeviceList, "revoked">): boolean {
  return revoked.length >= maxRevoked;
}

/** @returns the ids of a next list: with these added, and without the oldest where they are too many */
export function revokedAfter(revoked: Bytes[], added: Bytes[]): Bytes[] {
  return [...revoked, ...added].slice(-maxRevoked);
}

/** Comparing each id with each would take 0.1 s for the longest list, and anybody may send one. */
function idSet(ids: Uint8Array[]): Set<string> {
  return new Set(ids.map(toHex));
}

function deviceOf(value: unknown, what: string): Device {
  const fields = recordOf(value, ["deviceId", "recipientKey"], what);
  return {
    deviceId: bytesOf(fields.deviceId, 16, `${what}.deviceId`),
    recipientKey: bytesOf(fields.recipientKey, 32, `${what}.recipientKey`),
  };
}
