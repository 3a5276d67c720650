import assert from "node:assert/strict";
import { TokenBuckets } from "./token_bucket.ts";

Deno.test("TokenBuckets.take() grants a burst, then the refilled tokens, and returns the wait for the next", () => {
  let nowMs = 0;
  const buckets = new TokenBuckets({ perMinute: 6, clock: () => nowMs });
  for (let takes = 0; takes < 6; takes++) assert.equal(buckets.take("a"), 0);
  assert.equal(buckets.take("a"), 10_000);
  assert.equal(buckets.take("b"), 0, "each key has its own");
  nowMs += 4_000;
  assert.equal(buckets.take("a"), 6_000);
  nowMs += 6_000;
  assert.equal(buckets.take("a"), 0);
  assert.equal(buckets.take("a"), 10_000);
  nowMs += 600_000;
  for (let takes = 0; takes < 6; takes++) assert.equal(buckets.take("a"), 0);
  assert.notEqual(buckets.take("a"), 0, "no more than a burst, however long the rest");
});

Deno.test("TokenBuckets.owe() takes what is not there yet, and the next token comes when it has refilled", () => {
  let nowMs = 0;
  const buckets = new TokenBuckets({ perMinute: 6, clock: () => nowMs });
  buckets.owe("a", 0);
  assert.equal(buckets.take("a"), 0);
  buckets.owe("a", 7);
  assert.equal(buckets.take("a"), 30_000, "two are owed, and one is wanted");
  assert.equal(buckets.owe("a", 7), 20_000, "nothing is taken of a key that owes");
  assert.equal(buckets.take("a"), 30_000);
  nowMs += 30_000;
  assert.equal(buckets.take("a"), 0);
});

Deno.test("TokenBuckets.take() does not refill when the clock goes back", () => {
  let nowMs = 60_000;
  const buckets = new TokenBuckets({ perMinute: 1, clock: () => nowMs });
  buckets.take("a");
  nowMs = 0;
  assert.notEqual(buckets.take("a"), 0);
});

Deno.test("TokenBuckets remembers a bounded number of keys, and none that are full again", () => {
  let nowMs = 0;
  const buckets = new TokenBuckets({ perMinute: 6, clock: () => nowMs, maxKeys: 100 });
  for (let key = 0; key < 1000; key++) buckets.take(String(key));
  assert.equal(buckets.size, 100);
  nowMs += 60_000;
  buckets.take("last");
  assert.equal(buckets.size, 1);
});

Deno.test("TokenBuckets.reserve() gives turns in the order of calls, none beyond the longest wait", () => {
  let nowMs = 0;
  const buckets = new TokenBuckets({ perMinute: 600, burst: 2, clock: () => nowMs });
  assert.deepEqual([1, 2, 3, 4].map(() => buckets.reserve("a")), [0, 0, 100, 200]);
  assert.equal(buckets.reserve("b"), 0);
  assert.deepEqual([buckets.reserve("a", 250), buckets.reserve("a", 250)], [250, 250]);
  nowMs = 200;
  assert.equal(buckets.reserve("a"), 100);
});

Deno.test("TokenBuckets keeps the key with reserved turns while full ones are forgotten", () => {
  let nowMs = 0;
  const buckets = new TokenBuckets({ perMinute: 60, burst: 1, clock: () => nowMs });
  for (let turns = 0; turns < 100; turns++) buckets.reserve("busy");
  for (let key = 0; key < 1000; key++) buckets.take(String(key));
  nowMs += 60_000;
  assert.equal(buckets.take("busy"), 40_000);
  assert.equal(buckets.size, 1);
});
