/**
 * Unsealed counters in `meta`: the fence and the groups' state versions. A guard compares them within a storage
 * transaction.
 */

import { type Bytes, u64 } from "../../schema/bytes.ts";
import { StorageError } from "./storage.ts";

/** @returns 8 bytes, big-endian */
export function writeCounter(value: number): Bytes {
  return u64(value);
}

/**
 * @param bytes what storage holds; undefined reads as 0
 * @param what its name in errors
 * @throws StorageError
 */
export function readCounter(bytes: Uint8Array | undefined, what: string): number {
  if (!bytes) return 0;
  const value = bytes.length === 8 ? Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0)) : NaN;
  if (!Number.isSafeInteger(value)) throw new StorageError(`${what} is damaged`);
  return value;
}
