/**
 * Storage in IndexedDB: one object store for each store name, keys out of line, values as bytes.
 *
 * A write resolves on the transaction's `complete` with durability "strict" (specification §6.1), and checks
 * its guards inside of the same transaction. Nothing but requests happens in a transaction, so that it can
 * not commit by itself half way.
 */

import { type IDBPDatabase, type IDBPObjectStore, openDB } from "idb";
import { type Bytes, equalBytes } from "../../schema/bytes.ts";
import { importWrappingKey } from "./sealed_store.ts";
import {
  GuardError,
  type RangeOptions,
  type Storage,
  StorageError,
  StorageFullError,
  type StoredRecord,
  type StoreName,
  storeNames,
  type WriteBatch,
} from "./storage.ts";

const formatVersion = 1;
/** Holds the one wrapping key, as a CryptoKey that structured clone keeps non-extractable. */
const keyStore = "wrapping";
const keyName = "key";

/** How a storage ended, for good or until it is opened again. */
interface Life {
  endedBecause?: string;
  /** The browser closed it by itself, as Chromium does after a write that found the disk full. */
  isLost?: boolean;
}

/** {@link Storage} on IndexedDB: one object store each, strict durability. */
export class IndexedDbStorage implements Storage {
  readonly #name: string;
  readonly #life: Life;
  #db: IDBPDatabase;
  #reopening: Promise<void> | undefined;

  private constructor(name: string, db: IDBPDatabase, life: Life) {
    this.#name = name;
    this.#db = db;
    this.#life = life;
  }

  /**
   * @param name the database's name; one a profile
   * @throws StorageError also when an older version of the app holds it open in another tab
   */
  static async open(name = "quicproquo"): Promise<IndexedDbStorage> {
    const life: Life = {};
    return new IndexedDbStorage(name, await openDatabase(name, life, true), life);
  }

  /**
   * The wrapping key of this profile, made at the first call. It can be used, never read out.
   *
   * @throws StorageError also when there are records but no key: they could never be opened, and a new key
   *   must not hide that
   */
  async wrappingKey(): Promise<CryptoKey> {
    // Nearly always it is there: a transaction over all stores that may write costs more than this look.
    const known = await this.#doing("read its key", () => this.#db.get(keyStore, keyName));
    if (known) return known as CryptoKey;
    // Made before the transaction: WebCrypto inside of one would end it.
    const fresh = await importWrappingKey(crypto.getRandomValues(new Uint8Array(32)));
    return await this.#doing("read its key", async () => {
      const tx = this.#db.transaction([...storeNames, keyStore], "readwrite", { durability: "strict" });
      const stored = await tx.objectStore(keyStore).get(keyName) as CryptoKey | undefined;
      if (stored) {
        await tx.done;
        return stored;
      }
      const counts = await Promise.all(storeNames.map((store) => tx.objectStore(store).count()));
      if (counts.some((count) => count > 0)) {
        await tx.done;
        throw new StorageError("the storage has lost its key");
      }
      await Promise.all([tx.objectStore(keyStore).put(fresh, keyName), tx.done]);
      return fresh;
    });
  }

  async get(store: StoreName, key: string): Promise<Bytes | undefined> {
    return await this.#doing("read", async () => bytesOf(await this.#db.get(store, key)));
  }

  async range(
    store: StoreName,
    prefix: string,
    { after, before, reverse = false, limit }: RangeOptions = {},
  ): Promise<StoredRecord[]> {
    const afterIsHigher = after !== undefined && after >= prefix;
    const lower = afterIsHigher ? after : prefix;
    // Keys are ASCII: everything with the prefix sorts before it.
    const end = `${prefix}\uffff`;
    const upper = before !== undefined && before < end ? before : end;
    if (lower >= upper || limit === 0) return [];
    return await this.#doing("read", async () => {
      const wanted = IDBKeyRange.bound(lower, upper, afterIsHigher, true);
      const records = this.#db.transaction(store).store;
      const last = reverse && limit !== undefined ? await lastOf(records, wanted, limit) : wanted;
      const most = reverse ? undefined : limit;
      const [keys, values] = await Promise.all([records.getAllKeys(last, most), records.getAll(last, most)]);
      const found = keys.map((key, index) => ({ key: key as string, value: bytesOf(values[index])! }));
      return reverse ? found.reverse() : found;
    });
  }

  async write({ puts = [], deletes = [], guards = [] }: WriteBatch): Promise<void> {
    const touched = [...new Set([...puts, ...deletes, ...guards].map(({ store }) => store))];
    if (touched.length === 0) return;
    await this.#doing("write", async () => {
      const tx = this.#db.transaction(touched, "readwrite", { durability: "strict" });
      let isTaken = false;
      const refuse = (error: DOMException) => {
        isTaken ||= error.name === "ConstraintError";
        throw error;
      };
      try {
        // Requests of a transaction run in the order in which they were made, so the guards are read before
        // anything is put; to wait for them first would cost a way to the browser's process and back. A guard
        // that does not hold aborts while the puts are still to be answered, so none of them is kept. What
        // must not be there yet and is put now is added: one request, not two.
        const at = (place: { store: StoreName; key: string }) => ({ store, key }: { store: StoreName; key: string }) =>
          store === place.store && key === place.key;
        const added = puts.filter((put) =>
          guards.some((guard) => guard.value === undefined && at(put)(guard)) && !deletes.some(at(put))
        );
        const looked = guards.filter((guard) => guard.value !== undefined || !added.some(at(guard)));
        const guarded = Promise.all(looked.map(({ store, key }) => tx.objectStore(store).get(key))).then((found) => {
          const broken = looked.find(({ value }, index) => !sameRecord(bytesOf(found[index]), value));
          if (broken) throw new GuardError(`a guard on ${broken.store} did not hold`);
        });
        await Promise.all([
          guarded,
          ...deletes.map(({ store, key }) => tx.objectStore(store).delete(key)),
          ...puts.map((
            put,
          ) => (added.includes(put)
            ? tx.objectStore(put.store).add(compact(put.value), put.key).catch(refuse)
            : tx.objectStore(put.store).put(compact(put.value), put.key))
          ),
          tx.done,
        ]);
      } catch (error) {
        const ended = tx.done.catch(() => {});
        try {
          tx.abort();
        } catch {
          // It has ended by itself already.
        }
        // Every request has been answered by then, whichever of them was heard first.
        await ended;
        // Of a transaction that found no room, a request may say no more than that it was aborted.
        if (tx.error?.name === "QuotaExceededError") throw tx.error;
        throw isTaken ? new GuardError("a guard did not hold: there is a record already", { cause: error }) : error;
      }
    });
  }

  /** The wrapping key stays: whoever holds it goes on with the emptied stores. */
  async clear(): Promise<void> {
    await this.#doing("clear", async () => {
      const tx = this.#db.transaction(storeNames, "readwrite", { durability: "strict" });
      await Promise.all([...storeNames.map((store) => tx.objectStore(store).clear()), tx.done]);
    });
  }

  close(): Promise<void> {
    this.#life.endedBecause ??= "the storage is closed";
    this.#db.close();
    return Promise.resolve();
  }

  /** What is written meanwhile by another engine is the fence's matter. */
  async #reopen(): Promise<void> {
    this.#db = await openDatabase(this.#name, this.#life, false);
    this.#life.isLost = false;
  }

  async #doing<T>(what: string, operation: () => Promise<T>): Promise<T> {
    if (this.#life.endedBecause) throw new StorageError(this.#life.endedBecause);
    try {
      if (this.#life.isLost) await (this.#reopening ??= this.#reopen().finally(() => this.#reopening = undefined));
      return await operation();
    } catch (error) {
      throw storageError(what, error);
    }
  }
}

/**
 * Where the last records of a range are. A cursor over them would be a task for each record.
 *
 * @param wanted its upper key does not belong to it
 * @param count from 1
 */
async function lastOf(
  records: IDBPObjectStore<unknown, [StoreName], StoreName>,
  wanted: IDBKeyRange,
  count: number,
): Promise<IDBKeyRange> {
  const end = await records.openKeyCursor(wanted, "prev");
  const first = count > 1 ? await end?.advance(count - 1) : end;
  return first ? IDBKeyRange.bound(first.key, wanted.upper, false, true) : wanted;
}

/**
 * Reads one record of a profile that an engine has, or opens meanwhile. Nothing is created, changed or kept open.
 *
 * @returns the sealed record and the profile's key; undefined where there are not both
 * @throws StorageError
 */
export async function readBeside(
  { store, key }: { store: StoreName; key: string },
  name = "quicproquo",
): Promise<{ record: Bytes; wrappingKey: CryptoKey } | undefined> {
  const life: Life = {};
  const db = await openDatabase(name, life, false);
  try {
    const tx = db.transaction([store, keyStore]);
    const [record, wrappingKey] = await Promise.all([
      tx.objectStore(store).get(key),
      tx.objectStore(keyStore).get(keyName) as Promise<CryptoKey | undefined>,
    ]);
    return record && wrappingKey && { record: bytesOf(record)!, wrappingKey };
  } catch (error) {
    throw storageError("read", error);
  } finally {
    db.close();
  }
}

/** @param mayCreate whether a database that is not there is made; else it is taken for deleted */
async function openDatabase(name: string, life: Life, mayCreate: boolean): Promise<IDBPDatabase> {
  let refuse: (error: StorageError) => void = () => {};
  const blocked = new Promise<never>((_, reject) => refuse = reject);
  const opening = openDB(name, formatVersion, {
    upgrade: (db, _from, _to, tx) => {
      if (!mayCreate) {
        life.endedBecause ??= "the storage was deleted";
        tx.done.catch(() => {});
        return tx.abort();
      }
      for (const store of [...storeNames, keyStore]) db.createObjectStore(store);
    },
    blocked: () => refuse(new StorageError("another tab holds an older version of the storage open")),
    // A newer version of the app wants to upgrade, or the user deletes the site's data: make way at once,
    // and fail from then on.
    blocking: (_current, _wanted, event) => {
      life.endedBecause ??= "the storage was taken over by a newer version or deleted";
      (event.target as IDBDatabase).close();
    },
    terminated: () => life.isLost = true,
  });
  try {
    return await Promise.race([opening, blocked]);
  } catch (error) {
    // Open at last after all: nobody will use it, and it would block others.
    opening.then((db) => db.close(), () => {});
    throw storageError("open", error);
  }
}

function storageError(what: string, error: unknown): Error {
  if (error instanceof GuardError || error instanceof StorageError) return error;
  const cause = error as DOMException;
  if (cause?.name === "QuotaExceededError") return new StorageFullError("the device's storage is full", { cause });
  return new StorageError(`the storage can not ${what}: ${cause?.name ?? ""} ${cause?.message ?? cause}`, { cause });
}

/** What storage gives must be bytes, or the record is damaged: never "not found". */
function bytesOf(value: unknown): Bytes | undefined {
  if (value === undefined) return undefined;
  if (!ArrayBuffer.isView(value)) throw new StorageError("a record is damaged");
  return new Uint8Array(value.buffer as ArrayBuffer, value.byteOffset, value.byteLength);
}

/** Structured clone copies the whole buffer behind a view: give it one of the right size. */
function compact(value: Bytes): Bytes {
  return value.byteLength === value.buffer.byteLength ? value : value.slice();
}

function sameRecord(found: Bytes | undefined, wanted: Bytes | undefined): boolean {
  return found === undefined || wanted === undefined ? found === wanted : equalBytes(found, wanted);
}
