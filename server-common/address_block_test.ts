import assert from "node:assert/strict";
import { addressBlock, addressBlocks } from "./address_block.ts";

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

Deno.test("SERVERS 6: addressBlocks() gives the /64, /56 and /48 of an IPv6 address, an IPv4 address itself", () => {
  assert.deepEqual(addressBlocks("2001:db8:1:1234::1"), [
    { block: "2001:db8:1:1234::/64", share: 1 },
    { block: "2001:db8:1:1200::/56", share: 4 },
    { block: "2001:db8:1:0::/48", share: 16 },
  ]);
  assert.deepEqual(addressBlocks("::ffff:192.0.2.1"), [{ block: "192.0.2.1", share: 1 }]);
});
