import assert from "node:assert/strict";
import { AddressUsage } from "./address_usage.ts";

const address = (subnet: number) => `2001:db8:0:${subnet.toString(16)}::1`;

Deno.test("SERVERS 6: AddressUsage bounds an IPv4 address, an IPv6 /64, and the /56 and /48 that it is in", () => {
  const usage = new AddressUsage(2);
  assert.ok(usage.take("192.0.2.1") && usage.take("192.0.2.1"));
  assert.ok(!usage.take("192.0.2.1") && usage.take("192.0.2.2"));
  // 256 networks of one /56: together they have four times what one has.
  const inOneBlock = Array.from({ length: 256 }, (_, subnet) => usage.take(address(subnet)));
  assert.equal(inOneBlock.filter(Boolean).length, 8);
  const inAll = Array.from({ length: 255 }, (_, index) => usage.take(address(256 * (index + 1))));
  assert.equal(inAll.filter(Boolean).length, 24, "the /48 has 16 times as much, 8 of which are taken");
  usage.give(address(0));
  assert.ok(usage.take(address(0x0101)));
});

Deno.test("SERVERS 6: AddressUsage.take() counts nothing when a wider block is full", () => {
  const usage = new AddressUsage(1);
  for (let subnet = 0; subnet < 4; subnet++) assert.ok(usage.take(address(subnet)));
  assert.ok(!usage.take(address(4)));
  usage.give(address(0));
  assert.ok(usage.take(address(4)), "the refused attempt left nothing behind");
});
