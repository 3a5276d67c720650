import assert from "node:assert/strict";
import { RateLimit } from "./rate_limit.ts";

Deno.test("RateLimit allows a burst, then its rate, each key by itself", () => {
  let now = 0;
  const limit = new RateLimit(10, 3, () => now);
  assert.deepEqual([1, 2, 3].map(() => limit.take("a")), [0, 0, 0]);
  assert.equal(limit.take("a"), 100);
  assert.equal(limit.take("b"), 0);
  now = 60;
  assert.equal(limit.take("a"), 40);
  now = 100;
  assert.equal(limit.take("a"), 0);
  assert.equal(limit.take("a"), 100);
  now = 1_000_000;
  assert.deepEqual([1, 2, 3, 4].map(() => limit.take("a") > 0), [false, false, false, true]);
});

Deno.test("RateLimit.reserve() says when each one's time comes, in the order of asking, and takes nothing beyond the longest wait", () => {
  let now = 0;
  const limit = new RateLimit(10, 2, () => now);
  assert.deepEqual([1, 2, 3, 4].map(() => limit.reserve("a")), [0, 0, 100, 200]);
  assert.equal(limit.reserve("b"), 0);
  assert.deepEqual([limit.reserve("a", 250), limit.reserve("a", 250)], [250, 250]);
  now = 200;
  assert.equal(limit.reserve("a"), 100);
});

Deno.test("RateLimit forgets keys that are at rest, and is bounded when none is", () => {
  let now = 0;
  const limit = new RateLimit(1, 1, () => now);
  for (let key = 0; key < 25_000; key++) limit.take(String(key));
  assert.ok(limit.size <= 10_000);
  now = 10_000;
  for (let key = 0; key < 10; key++) limit.take(`new ${key}`);
  assert.ok(limit.size <= 11, `${limit.size} kept`);
});
