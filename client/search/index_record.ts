/** What the profile keeps of its index: the name of its database, and the random key that opens it. */

import { type Bytes, toHex } from "../../schema/bytes.ts";
import type { SealedStore } from "../storage/sealed_store.ts";

const place = { store: "meta", key: "search" } as const;

/** Sealed by the wrapping key, as every record is. Without it the database is of no use. */
export interface IndexRecord {
  v: 1;
  /** 32 hex digits. */
  name: string;
  /** 32 bytes. */
  key: Bytes;
}

/** @returns the record; undefined while the profile has no index @throws StorageError */
export async function readIndexRecord(store: SealedStore): Promise<IndexRecord | undefined> {
  return await store.get<IndexRecord>(place.store, place.key);
}

/**
 * Makes a name and a key for a new index.
 *
 * @param isLasting the profile keeps them, in the place of those before
 * @throws StorageError
 */
export async function newIndexRecord(store: SealedStore, isLasting: boolean): Promise<IndexRecord> {
  const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
  const value: IndexRecord = { v: 1, name: toHex(random(16)), key: random(32) };
  if (isLasting) await store.write({ puts: [{ ...place, value }] });
  return value;
}
