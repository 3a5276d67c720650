import assert from "node:assert/strict";
import { MemoryStorage } from "./testing/memory.ts";
import { importWrappingKey, SealedStore } from "./sealed_store.ts";
import { checkSentinel, newSentinel, type PageSentinel } from "./sentinel.ts";

const device = { username: "alice", deviceId: "00112233445566778899aabbccddeeff" };

function page(): PageSentinel & { text?: string } {
  return {
    get() {
      return Promise.resolve(this.text);
    },
    set(text) {
      this.text = text;
      return Promise.resolve();
    },
    remove() {
      delete this.text;
      return Promise.resolve();
    },
  };
}

async function sealedStore() {
  const store = new SealedStore(new MemoryStorage(), await importWrappingKey(new Uint8Array(32)));
  await store.takeFence();
  return store;
}

Deno.test("checkSentinel() says fresh, then kept for the device that was enrolled", async () => {
  const [store, local] = [await sealedStore(), page()];
  assert.deepEqual(await checkSentinel(store, local), { kind: "fresh" });
  const { put, text } = newSentinel(device);
  await store.write({ puts: [put] });
  await local.set(text);
  assert.deepEqual(await checkSentinel(store, local), { kind: "kept" });
});

Deno.test("checkSentinel() reports an eviction when the storage has not the page's device", async () => {
  const local = page();
  await local.set(newSentinel(device).text);
  const store = await sealedStore();
  assert.deepEqual(await checkSentinel(store, local), { kind: "evicted", device });
  await store.write({ puts: [newSentinel(device).put] });
  assert.deepEqual(await checkSentinel(store, local), { kind: "evicted", device });
});

Deno.test("checkSentinel() plants the page's side again when only that was cleared or is not ours", async () => {
  const [store, local] = [await sealedStore(), page()];
  await store.write({ puts: [newSentinel(device).put] });
  for (const text of [undefined, "{", '{"id":1}']) {
    local.text = text;
    assert.deepEqual(await checkSentinel(store, local), { kind: "kept" });
    assert.deepEqual(await checkSentinel(store, local), { kind: "kept" });
    assert.ok(local.text?.includes("alice"));
  }
});
