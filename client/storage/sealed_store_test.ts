import assert from "node:assert/strict";
import type { Bytes } from "../../schema/bytes.ts";
import { MemoryStorage } from "./testing/memory.ts";
import { importWrappingKey, SealedStore } from "./sealed_store.ts";
import { FencedError, GuardError, StorageError } from "./storage.ts";

const channelId = new Uint8Array(32).fill(7);

async function opened(storage = new MemoryStorage(), key?: CryptoKey) {
  const wrappingKey = key ?? await importWrappingKey(new Uint8Array(32).fill(1));
  const store = new SealedStore(storage, wrappingKey);
  await store.takeFence();
  return { storage, store, wrappingKey };
}

Deno.test("SealedStore gives back bytes, plain data and contexts, and leaves undefined fields out", async () => {
  const { store } = await opened();
  const data = { text: "é", list: [1, -2, null, true], bytes: Uint8Array.of(1), nested: { n: 2 ** 40 } };
  const context = { schema: 2, channelId, epoch: 5, stateVersion: 9 };
  await store.write({
    puts: [
      {
        store: "groups",
        key: "data",
        value: { ...data, nothing: undefined, nested: { n: 2 ** 40, nothing: undefined } },
        context,
      },
      { store: "groups", key: "bytes", value: Uint8Array.of(3, 4) },
      { store: "groups", key: "empty", value: new Uint8Array() },
    ],
  });
  assert.deepEqual(await store.getRecord("groups", "data"), { key: "data", value: data, context });
  assert.deepEqual(await store.getMany("groups", ["bytes", "none", "empty"]), [
    Uint8Array.of(3, 4),
    undefined,
    new Uint8Array(),
  ]);
  assert.deepEqual((await store.range("groups", "")).map(({ key }) => key), ["bytes", "data", "empty"]);
});

Deno.test("SealedStore leaves nothing readable at rest, and never the same bytes twice", async () => {
  const { store, storage } = await opened();
  const put = { store: "messages" as const, key: "m", value: { text: "a very secret text" } };
  await store.write({ puts: [put] });
  const first = (await storage.get("messages", "m"))!;
  await store.write({ puts: [put] });
  const second = (await storage.get("messages", "m"))!;
  assert.ok(!new TextDecoder("latin1").decode(first).includes("secret"));
  assert.notDeepEqual(first, second);
});

Deno.test("SealedStore throws StorageError for a moved, swapped, changed or foreign record", async () => {
  const { store, storage, wrappingKey } = await opened();
  await store.write({ puts: [{ store: "groups", key: "a", value: "one", context: { channelId, epoch: 1 } }] });
  const sealed = (await storage.get("groups", "a"))!;
  const fails = async (place: "groups" | "epochs", key: string, value: Bytes) => {
    await storage.write({ puts: [{ store: place, key, value }] });
    await assert.rejects(store.get(place, key), StorageError);
    await assert.rejects(store.range(place, key), StorageError);
  };
  await fails("groups", "b", sealed);
  await fails("epochs", "a", sealed);
  for (let index = 0; index < sealed.length; index += 3) {
    await fails(
      "groups",
      "c",
      sealed.map((byte, at) => at === index ? byte ^ 1 : byte),
    );
  }
  for (const length of [0, 1, 17, 19, 40, sealed.length - 1]) await fails("groups", "c", sealed.slice(0, length));
  const other = new SealedStore(storage, await importWrappingKey(new Uint8Array(32).fill(2)));
  await assert.rejects(other.get("groups", "a"), StorageError);
  assert.equal(await new SealedStore(storage, wrappingKey).get("groups", "a"), "one");
});

Deno.test("write() rejects in an engine whose fence another has taken, and writes nothing", async () => {
  const { store: old, storage, wrappingKey } = await opened();
  await old.write({ puts: [{ store: "groups", key: "a", value: 1 }] });
  const { store: current } = await opened(storage, wrappingKey);
  await assert.rejects(old.write({ puts: [{ store: "groups", key: "a", value: 2 }] }), FencedError);
  await assert.rejects(old.clear(), FencedError);
  await current.write({ puts: [{ store: "groups", key: "b", value: 3 }] });
  assert.deepEqual(await current.getMany("groups", ["a", "b"]), [1, 3]);
  await assert.rejects(new SealedStore(storage, wrappingKey).write({}), FencedError);
});

Deno.test("clear() empties the profile, and an older engine stays fenced out", async () => {
  const { store: old, storage, wrappingKey } = await opened();
  const { store: current } = await opened(storage, wrappingKey);
  await current.write({ puts: [{ store: "groups", key: "a", value: 1 }], versions: [{ channelId, from: 0, to: 1 }] });
  await current.clear();
  assert.equal(await current.get("groups", "a"), undefined);
  assert.equal(await current.version(channelId), 0);
  await assert.rejects(old.write({ puts: [{ store: "groups", key: "a", value: 2 }] }), FencedError);
  await current.write({ puts: [{ store: "groups", key: "a", value: 3 }] });
});

Deno.test("takeFence() gives every engine a number of its own when several ask at once", async () => {
  const storage = new MemoryStorage();
  const key = await importWrappingKey(new Uint8Array(32));
  const numbers = await Promise.all([1, 2, 3].map(() => new SealedStore(storage, key).takeFence()));
  assert.deepEqual(numbers.sort(), [1, 2, 3]);
});

Deno.test("write() refuses a picture of a group that has become old, by its state version", async () => {
  const { store } = await opened();
  assert.equal(await store.version(channelId), 0);
  const step = (from: number, to: number | undefined, value: string) =>
    store.write({ puts: [{ store: "groups", key: "g", value }], versions: [{ channelId, from, to }] });
  await step(0, 1, "one");
  await assert.rejects(
    step(0, 1, "again from nothing"),
    (error) => error instanceof GuardError && !(error instanceof FencedError),
  );
  await step(1, 2, "two");
  await assert.rejects(step(1, 2, "from an old picture"), GuardError);
  assert.equal(await store.version(channelId), 2);
  assert.equal(await store.get("groups", "g"), "two");
  await step(2, undefined, "gone");
  assert.equal(await store.version(channelId), 0);
});

Deno.test("write() writes nothing where a record is that must be absent", async () => {
  const { store } = await opened();
  const absent = [{ store: "messageids" as const, key: "m" }];
  await store.write({ puts: [{ store: "messageids", key: "m", value: 1 }], absent });
  await assert.rejects(store.write({ puts: [{ store: "messages", key: "x", value: 1 }], absent }), GuardError);
  assert.equal(await store.get("messages", "x"), undefined);
});

Deno.test("MemoryStorage fails the write it was told to, and a restart finds what was on disk", async () => {
  const { store, storage, wrappingKey } = await opened();
  storage.failWrite(2, "unknown");
  storage.failWrite(3, "crash");
  await store.write({ puts: [{ store: "groups", key: "a", value: 1 }] });
  await assert.rejects(store.write({ puts: [{ store: "groups", key: "b", value: 2 }] }), StorageError);
  assert.equal(await store.get("groups", "b"), 2);
  await assert.rejects(store.write({ puts: [{ store: "groups", key: "c", value: 3 }] }), StorageError);
  await assert.rejects(store.get("groups", "a"), StorageError);
  const after = await opened(storage.restarted(), wrappingKey);
  assert.deepEqual(await after.store.getMany("groups", ["a", "b", "c"]), [1, 2, undefined]);
});
