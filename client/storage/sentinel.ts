/**
 * Tells a profile whose IndexedDB was evicted from a new profile (specification §6.3). Browsers may delete
 * IndexedDB and keep localStorage. The former device has then lost its ratchets and must never act under its
 * id again.
 *
 * A Worker has no localStorage: the page hands its side in.
 */

import type { SealedPut, SealedStore } from "./sealed_store.ts";

/** The page's side: one text under one name of localStorage. */
export interface PageSentinel {
  get(): Promise<string | undefined>;
  set(text: string): Promise<void>;
  remove(): Promise<void>;
}

/** Which device the profile belongs to. */
export interface SentinelDevice {
  username: string;
  /** hex, 16 bytes */
  deviceId: string;
}

export type SentinelState =
  | { kind: "fresh" }
  | { kind: "kept" }
  /** The page remembers a device whose state is gone, or other than it was. */
  | { kind: "evicted"; device: SentinelDevice };

interface Sentinel extends SentinelDevice {
  /** Random: two enrolments never look the same. */
  id: string;
}

const key = "sentinel";

/** @returns the put for the write that stores a new device, and the text for the page's side once that write is done */
export function newSentinel(device: SentinelDevice): { put: SealedPut; text: string } {
  const sentinel: Sentinel = { id: crypto.randomUUID(), username: device.username, deviceId: device.deviceId };
  return { put: { store: "meta", key, value: sentinel }, text: JSON.stringify(sentinel) };
}

/**
 * Compares both sides. A page side that is missing is planted again: localStorage alone was cleared, the
 * device is whole.
 *
 * @throws StorageError when the storage's side can not be read
 */
export async function checkSentinel(store: SealedStore, page: PageSentinel): Promise<SentinelState> {
  const stored = await store.get<Sentinel>("meta", key);
  const text = await page.get();
  const remembered = text === undefined ? undefined : parse(text);
  if (!remembered) {
    if (stored) await page.set(JSON.stringify(stored));
    return { kind: stored ? "kept" : "fresh" };
  }
  if (stored?.id === remembered.id) return { kind: "kept" };
  return { kind: "evicted", device: { username: remembered.username, deviceId: remembered.deviceId } };
}

/** @returns undefined for a text that is not ours: the same as none */
function parse(text: string): Sentinel | undefined {
  try {
    const { id, username, deviceId } = JSON.parse(text);
    return [id, username, deviceId].every((field) => typeof field === "string")
      ? { id, username, deviceId }
      : undefined;
  } catch {
    return undefined;
  }
}
