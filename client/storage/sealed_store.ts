/**
 * Storage with values sealed at rest (specification §6). The engine reads and writes through this class only.
 *
 * Three guarantees: a record that was moved, swapped or truncated does not open; an engine that has lost the lock
 * can not write any more (the fence); an outdated state of a group can not overwrite a newer one (the group's state
 * version). All cryptography happens before the single storage write.
 */

import { type Bytes, concat, equalBytes, toHex } from "../../schema/bytes.ts";
import { FencedError, GuardError, type RangeOptions, type Storage, StorageError, type StoreName } from "./storage.ts";
import { readCounter, writeCounter } from "./counter.ts";
import { type SealContext, Sealer } from "./sealer.ts";

export type { SealContext } from "./sealer.ts";

export interface SealedPut {
  store: StoreName;
  key: string;
  /**
   * Bytes are kept as they are; all else as deterministic CBOR (plain data; fields that are undefined are
   * left out, bigints come back as numbers below 2^53).
   */
  value: unknown;
  /** What the record belongs to, bound into its AAD. Read it back from {@link SealedRecord}. */
  context?: SealContext;
}

/** A step of one group's state version: 0 means that there is no version yet. */
export interface VersionStep {
  channelId: Uint8Array;
  /** The version that this write was computed from. */
  from: number;
  /** The version after it (usually `from + 1`; equal to `from` only guards); undefined deletes it with the group. */
  to: number | undefined;
}

export interface SealedBatch {
  puts?: SealedPut[];
  deletes?: { store: StoreName; key: string }[];
  /** Keys at which there must be no record. */
  absent?: { store: StoreName; key: string }[];
  versions?: VersionStep[];
}

export interface SealedRecord<T = unknown> {
  key: string;
  value: T;
  context: SealContext;
}

/** Sees every write of a {@link SealedStore} before it is sealed. */
export interface WriteObserver {
  /** A write comes. @returns the batch to write in its place: with records that must be on disk together with it */
  before(batch: SealedBatch): SealedBatch;
  /** The write is on disk. Also called where that is unknown. */
  written(batch: SealedBatch): void;
  /** A guard did not hold: nothing of the write is on disk. */
  refused?(batch: SealedBatch): void;
  /** Every record is deleted. */
  cleared(): void;
}

const fenceKey = "fence";

/** {@link Storage} whose values are sealed, behind the fence and the groups' state versions. */
export class SealedStore {
  readonly #storage: Storage;
  readonly #sealer: Sealer;
  #fence: Bytes | undefined;
  readonly #observers: WriteObserver[] = [];

  /**
   * @param storage where the sealed records lie
   * @param wrappingKey a non-extractable HKDF key with the use "deriveKey" (see `importWrappingKey`)
   */
  constructor(storage: Storage, wrappingKey: CryptoKey) {
    this.#storage = storage;
    this.#sealer = new Sealer(wrappingKey);
  }

  /**
   * Raises the fence, once this engine has won the lock and before it reads anything: every engine that took
   * it earlier gets {@link FencedError} at its next write.
   *
   * @returns the fence number
   * @throws StorageError
   */
  async takeFence(): Promise<number> {
    while (true) {
      const before = await this.#storage.get("meta", fenceKey);
      const next = fenceNumber(before) + 1;
      // The random half keeps a number that comes again, after the profile was emptied, from being an old engine's.
      const value = concat(writeCounter(next), crypto.getRandomValues(new Uint8Array(8)));
      try {
        await this.#storage.write({
          puts: [{ store: "meta", key: fenceKey, value }],
          guards: [{ store: "meta", key: fenceKey, value: before }],
        });
      } catch (error) {
        if (error instanceof GuardError) continue;
        throw error;
      }
      this.#fence = value;
      return next;
    }
  }

  /**
   * @returns the value (bytes, or plain data from CBOR), or undefined when there is no record
   * @throws StorageError when it can not be read or opened: that is never "not found"
   */
  async get<T = unknown>(store: StoreName, key: string): Promise<T | undefined> {
    return (await this.getRecord<T>(store, key))?.value;
  }

  /** As `get`, with the context that the record was sealed under. */
  async getRecord<T = unknown>(store: StoreName, key: string): Promise<SealedRecord<T> | undefined> {
    const sealed = await this.#storage.get(store, key);
    return sealed && await this.#open<T>(store, key, sealed);
  }

  /** @returns the values in the order of `keys`; undefined where there is no record */
  async getMany<T = unknown>(store: StoreName, keys: string[]): Promise<(T | undefined)[]> {
    return await Promise.all(keys.map((key) => this.get<T>(store, key)));
  }

  /**
   * @param prefix only keys that start with it
   * @returns the records in key order (or the reverse)
   * @throws StorageError as soon as one does not open
   */
  async range<T = unknown>(store: StoreName, prefix: string, options?: RangeOptions): Promise<SealedRecord<T>[]> {
    const records = await this.#storage.range(store, prefix, options);
    return await Promise.all(records.map(({ key, value }) => this.#open<T>(store, key, value)));
  }

  /** From now on, the observer sees every write. */
  observe(observer: WriteObserver): void {
    this.#observers.push(observer);
  }

  /** @returns the keys of the records, which are not opened @throws StorageError */
  async keys(store: StoreName, prefix: string, options?: RangeOptions): Promise<string[]> {
    return (await this.#storage.range(store, prefix, options)).map(({ key }) => key);
  }

  /** A write of about that many records will follow: what can be done for it before its values are known is begun. */
  deriveKeys(records: number): void {
    this.#sealer.deriveKeys(records);
  }

  /**
   * Seals, then writes everything or nothing. When this resolves, the batch is on disk.
   *
   * @throws FencedError another engine has taken over; GuardError an `absent` or `versions` guard did not
   *   hold; StorageError. Nothing was written then (after a StorageError: nothing or everything).
   */
  async write(asked: SealedBatch): Promise<void> {
    if (!this.#fence) throw new FencedError("this engine never took the fence");
    const batch = this.#observers.reduce((seen, observer) => observer.before(seen), asked);
    try {
      await this.#write(batch, this.#fence);
    } catch (error) {
      for (const observer of this.#observers) {
        if (error instanceof GuardError) observer.refused?.(batch);
        else observer.written(batch);
      }
      throw error;
    }
    for (const observer of this.#observers) observer.written(batch);
  }

  async #write(
    { puts = [], deletes = [], absent = [], versions = [] }: SealedBatch,
    fence: Bytes,
  ): Promise<void> {
    const sealed = await Promise.all(
      puts.map(async ({ store, key, value, context }) => ({
        store,
        key,
        value: await this.#sealer.seal(store, key, value, context ?? {}),
      })),
    );
    const steps = versions.map(({ channelId, from, to }) => ({
      store: "meta" as const,
      key: versionKey(channelId),
      from: from === 0 ? undefined : writeCounter(from),
      to,
    }));
    try {
      await this.#storage.write({
        puts: [
          ...sealed,
          ...steps.flatMap(({ store, key, to }) => to === undefined ? [] : [{ store, key, value: writeCounter(to) }]),
        ],
        deletes: [...deletes, ...steps.flatMap(({ store, key, to }) => to === undefined ? [{ store, key }] : [])],
        guards: [
          { store: "meta", key: fenceKey, value: fence },
          ...absent.map(({ store, key }) => ({ store, key, value: undefined })),
          ...steps.map(({ store, key, from }) => ({ store, key, value: from })),
        ],
      });
    } catch (error) {
      if (error instanceof GuardError && !await this.#holdsFence(fence)) {
        throw new FencedError("another engine has taken over this profile", { cause: error });
      }
      throw error;
    }
  }

  /** @returns the group's state version, 0 when it has none */
  async version(channelId: Uint8Array): Promise<number> {
    return readCounter(await this.#storage.get("meta", versionKey(channelId)), "a state version");
  }

  /**
   * Deletes every record, versions too, and takes the fence again: this engine goes on with an empty profile.
   * @throws FencedError when another engine has taken over
   */
  async clear(): Promise<void> {
    if (!this.#fence || !await this.#holdsFence(this.#fence)) {
      throw new FencedError("another engine has taken over this profile");
    }
    this.#fence = undefined;
    await this.#storage.clear();
    for (const observer of this.#observers) observer.cleared();
    await this.takeFence();
  }

  /** @throws FencedError when another engine has taken over; StorageError */
  async requireFence(): Promise<void> {
    if (this.#fence && await this.#holdsFence(this.#fence)) return;
    throw new FencedError("another engine has taken over this profile");
  }

  async close(): Promise<void> {
    await this.#storage.close();
  }

  async #holdsFence(fence: Bytes): Promise<boolean> {
    const current = await this.#storage.get("meta", fenceKey);
    return current !== undefined && equalBytes(current, fence);
  }

  async #open<T>(store: StoreName, key: string, sealed: Bytes): Promise<SealedRecord<T>> {
    const { value, context } = await this.#sealer.open(store, key, sealed);
    return { key, value: value as T, context };
  }
}

function fenceNumber(fence: Bytes | undefined): number {
  return readCounter(fence?.subarray(0, 8), "the fence");
}

/** Plaintext in `meta`: the guard compares its bytes inside of the storage transaction. */
function versionKey(channelId: Uint8Array): string {
  return `version/${toHex(channelId)}`;
}

/**
 * @param secret 32 random bytes; zeroed here
 * @returns a non-extractable HKDF key for {@link SealedStore}
 */
export async function importWrappingKey(secret: Bytes): Promise<CryptoKey> {
  if (secret.length !== 32) throw new StorageError("a wrapping secret has 32 bytes");
  const key = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]);
  secret.fill(0);
  return key;
}
