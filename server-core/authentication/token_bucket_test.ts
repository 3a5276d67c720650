import assert from "node:assert/strict";
import { addressBlock } from "../../server-common/address_block.ts";
import { ExpiringMap } from "./expiring_map.ts";
import { TokenBuckets } from "../../server-common/token_bucket.ts";

Deno.test("TokenBuckets.take() grants a burst, then as many as refill, and says when the next comes", () => {
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

Deno.test("ExpiringMap gives each value once, in time, and takes a bounded number (E005)", () => {
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

Deno.test("addressBlock() is the address for IPv4 and the /64 for IPv6, however it is written", () => {
  assert.equal(addressBlock("192.0.2.1"), "192.0.2.1");
  assert.equal(addressBlock("::ffff:192.0.2.1"), "192.0.2.1");
  assert.equal(addressBlock("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
  assert.equal(addressBlock("2001:0DB8:0001:0002::1"), "2001:db8:1:2::/64");
  assert.equal(addressBlock("2001:db8::1"), "2001:db8:0:0::/64");
  assert.equal(addressBlock("fe80::1%eth0"), "fe80:0:0:0::/64");
  assert.equal(addressBlock("::1"), "0:0:0:0::/64");
  assert.notEqual(addressBlock("2001:db8:1:2::1"), addressBlock("2001:db8:1:3::1"));
});
