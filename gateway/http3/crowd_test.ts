import assert from "node:assert/strict";
import { Crowd } from "./crowd.ts";

function crowd(...members: [address: string, openStreams: number][]) {
  const made = new Crowd<{ address: string; openStreams: number }>();
  for (const [address, openStreams] of members) made.add({ address, openStreams });
  return made;
}

Deno.test("SERVERS 3: for a newcomer an idle connection of the address with most makes room, else nobody", () => {
  const full = crowd(["192.0.2.1", 5], ["192.0.2.1", 1], ["192.0.2.1", 3], ["192.0.2.2", 1], ["192.0.2.2", 0]);
  assert.deepEqual(full.whoMakesRoom("192.0.2.3"), { address: "192.0.2.1", openStreams: 1 });
  assert.equal(full.whoMakesRoom("192.0.2.2"), undefined, "it would have as many");
  assert.equal(full.whoMakesRoom("192.0.2.1"), undefined);
});

Deno.test("SERVERS 3: who has many networks of a /48 makes room for who has one", () => {
  const subnets = Array.from({ length: 40 }, (_, index) => `2001:db8:0:${(index * 256).toString(16)}::1`);
  const full = crowd(...subnets.map((address): [string, number] => [address, 1]), ["192.0.2.1", 1]);
  assert.equal(full.whoMakesRoom("192.0.2.2")?.address, subnets[0]);
  assert.equal(full.whoMakesRoom("2001:db8:0:1::1"), undefined);
});

Deno.test("SERVERS 3: in a crowded /48 its busiest connection is meant, not that of the address which comes", () => {
  const full = crowd(["2001:db8:0:1::1", 2], ["2001:db8:0:200::1", 90], ["2001:db8:1::1", 140]);
  assert.equal(full.busiestOf("2001:db8:0:0::/48")?.openStreams, 90);
  assert.equal(full.busiestOf("2001:db8:9:0::/48"), undefined);
});
