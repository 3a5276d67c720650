import assert from "node:assert/strict";
import { collectGarbage, GarbageCount } from "./garbage.ts";

Deno.test("SERVERS 3: GarbageCount is due when enough has ended, not too often, or when memory is short", () => {
  const count = new GarbageCount(3, 1000);
  count.add();
  count.add();
  assert.equal(count.isDue(0), false);
  count.add();
  assert.equal(count.isDue(1), true);
  for (let ended = 0; ended < 3; ended++) count.add();
  assert.equal(count.isDue(1000), false, "too soon");
  assert.equal(count.isDue(1001), true);
  assert.equal(count.isDue(5000), false);
  assert.equal(count.isDue(5000, true), true);
  assert.equal(count.isDue(5001, true), false);
});

Deno.test("collectGarbage() frees what nobody holds", async () => {
  let freed = false;
  const registry = new FinalizationRegistry(() => freed = true);
  (() => registry.register({ large: new Uint8Array(1000) }, 0))();
  for (let tries = 0; !freed && tries < 50; tries++) {
    collectGarbage();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.ok(freed);
});
