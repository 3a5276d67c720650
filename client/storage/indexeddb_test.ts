import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { forceCloseDatabase } from "fake-indexeddb";
import { deleteDB, openDB } from "idb";
import { IndexedDbStorage } from "./indexeddb.ts";
import { SealedStore } from "./sealed_store.ts";
import { StorageError, StorageFullError } from "./storage.ts";

Deno.test("wrappingKey() gives the same non-extractable key when the storage is opened again", async () => {
  const storage = await IndexedDbStorage.open("key");
  const key = await storage.wrappingKey();
  assert.equal(key.extractable, false);
  const store = new SealedStore(storage, key);
  await store.takeFence();
  await store.write({ puts: [{ store: "account", key: "a", value: { secret: 1 } }] });
  await storage.close();
  const again = await IndexedDbStorage.open("key");
  const reopened = new SealedStore(again, await again.wrappingKey());
  assert.deepEqual(await reopened.get("account", "a"), { secret: 1 });
  await again.close();
});

Deno.test("IndexedDbStorage can be used on after clear(), and opens again with the same key", async () => {
  const storage = await IndexedDbStorage.open("cleared");
  const store = new SealedStore(storage, await storage.wrappingKey());
  await store.takeFence();
  await store.clear();
  await store.write({ puts: [{ store: "account", key: "a", value: 2 }] });
  await storage.close();
  const again = await IndexedDbStorage.open("cleared");
  assert.equal(await new SealedStore(again, await again.wrappingKey()).get("account", "a"), 2);
  await again.close();
});

Deno.test("wrappingKey() refuses to make a new key over records that only the lost one opens", async () => {
  const storage = await IndexedDbStorage.open("lost-key");
  await storage.wrappingKey();
  await storage.write({ puts: [{ store: "meta", key: "fence", value: new Uint8Array(8) }] });
  const raw = await openDB("lost-key");
  await raw.delete("wrapping", "key");
  raw.close();
  await assert.rejects(storage.wrappingKey(), StorageError);
  await storage.close();
});

Deno.test("IndexedDbStorage closes for a deletion, and throws StorageError from then on", async () => {
  const storage = await IndexedDbStorage.open("deleted");
  await deleteDB("deleted");
  await assert.rejects(storage.get("meta", "fence"), StorageError);
  await assert.rejects(storage.write({ puts: [{ store: "meta", key: "a", value: new Uint8Array() }] }), StorageError);
});

Deno.test("open() refuses a database of a newer format, without touching it", async () => {
  const raw = await openDB("newer", 2, { upgrade: (db) => void db.createObjectStore("other") });
  raw.close();
  await assert.rejects(IndexedDbStorage.open("newer"), StorageError);
});

Deno.test('get() takes a damaged record for an error, never for "not found"', async () => {
  const storage = await IndexedDbStorage.open("damaged");
  const raw = await openDB("damaged");
  await raw.put("meta", "a text", "a");
  raw.close();
  await assert.rejects(storage.get("meta", "a"), StorageError);
  await storage.close();
});

/** The connections that `work` opens. */
async function connectionsOf(work: () => Promise<void>): Promise<IDBDatabase[]> {
  const opened: IDBDatabase[] = [];
  const transaction = IDBDatabase.prototype.transaction;
  IDBDatabase.prototype.transaction = function (this: IDBDatabase, ...asked: unknown[]) {
    opened.push(this);
    return transaction.apply(this, asked as never);
  } as typeof transaction;
  try {
    await work();
  } finally {
    IDBDatabase.prototype.transaction = transaction;
  }
  return opened;
}

Deno.test("PEOPLE B0: IndexedDbStorage that the browser closed is opened again, with what it holds", async () => {
  const storage = await IndexedDbStorage.open("closed by the browser");
  const store = new SealedStore(storage, await storage.wrappingKey());
  await store.takeFence();
  const [connection] = await connectionsOf(() => store.write({ puts: [{ store: "account", key: "a", value: 1 }] }));
  forceCloseDatabase(connection as never);
  assert.deepEqual(await Promise.all([store.get("account", "a"), store.get("account", "b")]), [1, undefined]);
  await store.write({ puts: [{ store: "account", key: "b", value: 2 }] });
  assert.equal(await store.get("account", "b"), 2);
  await store.close();
});

Deno.test("PEOPLE B0: IndexedDbStorage that was closed and deleted is not taken for an empty one", async () => {
  const storage = await IndexedDbStorage.open("gone");
  const [connection] = await connectionsOf(async () => {
    await storage.write({ puts: [{ store: "meta", key: "a", value: new Uint8Array(1) }] });
  });
  forceCloseDatabase(connection as never);
  await deleteDB("gone");
  for (let tries = 0; tries < 2; tries++) await assert.rejects(storage.get("meta", "a"), StorageError);
  assert.equal((await indexedDB.databases()).some(({ name }) => name === "gone"), false);
});

Deno.test("PEOPLE B0: IndexedDbStorage says that there is no room, however the browser says it", async () => {
  const storage = await IndexedDbStorage.open("full");
  const put = IDBObjectStore.prototype.put;
  const batch = { puts: [{ store: "meta" as const, key: "a", value: new Uint8Array(1) }] };
  IDBObjectStore.prototype.put = () => {
    throw new DOMException("no room", "QuotaExceededError");
  };
  await assert.rejects(storage.write(batch), StorageFullError);
  IDBObjectStore.prototype.put = put;
  await storage.write(batch);
  assert.deepEqual(await storage.get("meta", "a"), new Uint8Array(1));
  await storage.close();
});
