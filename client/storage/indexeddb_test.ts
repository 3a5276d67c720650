import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { deleteDB, openDB } from "idb";
import { IndexedDbStorage } from "./indexeddb.ts";
import { SealedStore } from "./sealed_store.ts";
import { StorageError } from "./storage.ts";

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
