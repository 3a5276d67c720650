import assert from "node:assert/strict";
import { AddressRates } from "./address_rates.ts";

const address = (subnet: number) => `2001:db8:0:${subnet.toString(16)}::1`;

Deno.test("SERVERS 6: AddressRates.take() bounds what the networks of one /56 and of one /48 do together", () => {
  const rates = new AddressRates({ perMinute: 2, clock: () => 0 });
  const granted = (subnets: number[]) => subnets.filter((subnet) => rates.take(address(subnet)) === 0).length;
  assert.equal(granted([0, 0, 0]), 2);
  assert.equal(granted(Array.from({ length: 255 }, (_, index) => index + 1)), 6, "a /56: four times as many");
  assert.equal(granted(Array.from({ length: 255 }, (_, index) => 256 * (index + 1))), 24, "a /48: 16 times");
  assert.equal(rates.take("192.0.2.1"), 0);
});

Deno.test("SERVERS 6: AddressRates takes nothing when a wider block has nothing left", () => {
  let nowMs = 0;
  const rates = new AddressRates({ perMinute: 1, clock: () => nowMs });
  for (let subnet = 0; subnet < 3; subnet++) assert.equal(rates.owe(address(subnet), 2), 0, "the third owes");
  assert.notEqual(rates.take(address(9)), 0);
  nowMs += 60_000;
  assert.equal(rates.take(address(9)), 0, "the refused attempt took nothing of the address");
});

Deno.test("SERVERS 6: AddressRates.reserve() waits for the widest block", () => {
  const rates = new AddressRates({ perMinute: 60, burst: 1, clock: () => 0 });
  for (let subnet = 0; subnet < 4; subnet++) assert.equal(rates.reserve(address(subnet)), 0);
  assert.equal(rates.reserve(address(5)), 250, "the /56 refills four times as fast as one address");
  assert.equal(rates.reserve("192.0.2.1"), 0);
});
