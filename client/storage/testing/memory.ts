/** Storage in memory for tests: fulfils the contract of `Storage`, and can fail like a real storage. */

import { type Bytes, equalBytes } from "../../../schema/bytes.ts";
import {
  GuardError,
  type RangeOptions,
  type Storage,
  StorageError,
  type StoredRecord,
  type StoreName,
  storeNames,
  type WriteBatch,
} from "../storage.ts";

type Stores = Map<StoreName, Map<string, Bytes>>;

/**
 * What a faulty write does: "lose": nothing is written and the caller is told so; "unknown": it is written,
 * but the caller gets an error; "crash": nothing is written, and from then on every operation fails, as after
 * the death of the process; "crash-after": it is written, and then so.
 */
export type WriteFault = "lose" | "unknown" | "crash" | "crash-after";

/** {@link Storage} in memory, for tests and measurements. */
export class MemoryStorage implements Storage {
  #stores: Stores;
  #writes = 0;
  readonly #faults = new Map<number, WriteFault>();
  #dead = false;

  /** @param stores for {@link restarted} only */
  constructor(stores: Stores = new Map(storeNames.map((name) => [name, new Map()]))) {
    this.#stores = stores;
  }

  /** Writes that took place so far. */
  get writes(): number {
    return this.#writes;
  }

  /** The `nth` write from now on (1 = the next) goes wrong. */
  failWrite(nth: number, fault: WriteFault): void {
    this.#faults.set(this.#writes + nth, fault);
  }

  /** The process dies: every operation fails from now on, those under way included. */
  die(): void {
    this.#dead = true;
  }

  /** @returns what a process that starts again finds: a storage of its own over a copy of what is on "disk" */
  restarted(): MemoryStorage {
    return new MemoryStorage(new Map(Array.from(this.#stores, ([name, records]) => [name, new Map(records)])));
  }

  get(store: StoreName, key: string): Promise<Bytes | undefined> {
    return this.#doing(() => {
      const value = this.#stores.get(store)!.get(key);
      return value && new Uint8Array(value);
    });
  }

  range(
    store: StoreName,
    prefix: string,
    { after, before, reverse = false, limit = Infinity }: RangeOptions = {},
  ): Promise<StoredRecord[]> {
    return this.#doing(() => {
      const keys = [...this.#stores.get(store)!.keys()]
        .filter((key) =>
          key.startsWith(prefix) && (after === undefined || key > after) && (before === undefined || key < before)
        )
        .sort((a, b) => (a < b ? -1 : 1) * (reverse ? -1 : 1));
      return keys.slice(0, limit).map((key) => ({ key, value: new Uint8Array(this.#stores.get(store)!.get(key)!) }));
    });
  }

  write({ puts = [], deletes = [], guards = [] }: WriteBatch): Promise<void> {
    return this.#doing(() => {
      this.#writes++;
      const fault = this.#faults.get(this.#writes);
      if (fault === "crash") this.#dead = true;
      if (fault === "lose" || fault === "crash") throw new StorageError("a write that was made to fail");
      for (const { store, key, value } of guards) {
        const found = this.#stores.get(store)!.get(key);
        if (found === undefined ? value !== undefined : value === undefined || !equalBytes(found, value)) {
          throw new GuardError(`a guard on ${store} did not hold`);
        }
      }
      for (const { store, key } of deletes) this.#stores.get(store)!.delete(key);
      for (const { store, key, value } of puts) this.#stores.get(store)!.set(key, new Uint8Array(value));
      if (fault === "crash-after") this.#dead = true;
      if (fault) throw new StorageError("a write whose end was made unknown");
    });
  }

  clear(): Promise<void> {
    return this.#doing(() => this.#stores.forEach((records) => records.clear()));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Real storage never answers within the caller's own turn. */
  async #doing<T>(operation: () => T): Promise<T> {
    await Promise.resolve();
    if (this.#dead) throw new StorageError("the storage is gone");
    return operation();
  }
}
