import assert from "node:assert/strict";
import { Usage, usageKey } from "./usage.ts";

Deno.test("Usage counts each key up to the limit and forgets those that give everything back", () => {
  const usage = new Usage(2);
  assert.ok(usage.take("a") && usage.take("a") && usage.take("b"));
  assert.ok(!usage.take("a"));
  assert.ok(usage.isFull("a") && !usage.isFull("b"));
  usage.give("a");
  assert.ok(usage.take("a"));
});

Deno.test("usageKey() is the address for IPv4, mapped or not, and the /64 for IPv6", () => {
  assert.equal(usageKey("192.0.2.1"), "192.0.2.1");
  assert.equal(usageKey("::ffff:192.0.2.1"), "192.0.2.1");
  assert.equal(usageKey("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2");
  assert.equal(usageKey("2001:db8:1:2::9"), "2001:db8:1:2");
  assert.equal(usageKey("2001:0db8::1"), "2001:db8:0:0");
  assert.equal(usageKey("fe80::1%eth0"), "fe80:0:0:0");
  assert.equal(usageKey("::1"), "0:0:0:0");
});
