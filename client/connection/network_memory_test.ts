import assert from "node:assert/strict";
import "fake-indexeddb/auto";
import { networkName, StoredNetworkMemory, VolatileNetworkMemory } from "./network_memory.ts";

Deno.test("both memories keep a verdict for each network until it is forgotten", async () => {
  for (const memory of [new VolatileNetworkMemory(), new StoredNetworkMemory("networks-test")]) {
    assert.equal(await memory.load("a"), undefined);
    await memory.save("a", { reason: "blocked", untilMs: 5 });
    await memory.save("b", { reason: "stalled", untilMs: 6 });
    assert.deepEqual(await memory.load("a"), { reason: "blocked", untilMs: 5 });
    await memory.save("a", undefined);
    assert.equal(await memory.load("a"), undefined);
    assert.deepEqual(await memory.load("b"), { reason: "stalled", untilMs: 6 });
  }
});

Deno.test("StoredNetworkMemory knows nothing where there is no database", async () => {
  const { indexedDB } = globalThis;
  Object.defineProperty(globalThis, "indexedDB", { value: undefined, configurable: true });
  const memory = new StoredNetworkMemory("networks-none");
  await memory.save("a", { reason: "blocked", untilMs: 5 });
  assert.equal(await memory.load("a"), undefined);
  Object.defineProperty(globalThis, "indexedDB", { value: indexedDB, configurable: true });
});

Deno.test("networkName() is the server and, where the device reports it, the kind of link", () => {
  assert.equal(networkName("https://a", { type: "wifi" }), "https://a wifi");
  assert.equal(networkName("https://a", {}), "https://a any");
  assert.equal(networkName("https://a", undefined), "https://a any");
});
