import assert from "node:assert/strict";
import { ExpiringMap } from "./expiring_map.ts";

Deno.test("ExpiringMap gives each value once, before its expiry, and holds a bounded number (E005)", () => {
  let nowMs = 0;
  const map = new ExpiringMap<number>({ clock: () => nowMs, lifeMs: 10, maxEntries: 2 });
  map.add("a", 1);
  map.add("b", 2);
  assert.throws(() => map.add("c", 3), /E005/);
  assert.equal(map.take("a"), 1);
  assert.equal(map.take("a"), undefined);
  nowMs += 10;
  map.add("c", 3);
  map.add("d", 4);
  assert.equal(map.take("b"), undefined);
  assert.equal(map.take("d"), 4);
});
