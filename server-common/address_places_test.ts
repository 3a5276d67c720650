import assert from "node:assert/strict";
import { AddressPlaces } from "./address_places.ts";

/** Takes places, and notes who lost one. */
function rig(options: { total: number; perAddress: number }) {
  const places = new AddressPlaces(options);
  const lost: string[] = [];
  const take = (address: string, name = address) => places.take(address, () => lost.push(name));
  return { places, lost, take };
}

Deno.test("SERVERS 3: AddressPlaces gives the oldest place of an address to its newest", () => {
  const { places, lost, take } = rig({ total: 100, perAddress: 2 });
  take("203.0.113.2", "other");
  for (const name of ["first", "second", "third", "fourth"]) take("203.0.113.1", name);
  assert.deepEqual(lost, ["first", "second"]);
  assert.equal(places.size, 3);
});

Deno.test("SERVERS 3: AddressPlaces takes a place, when none is left, from the address that has most", () => {
  const { places, lost, take } = rig({ total: 5, perAddress: 10 });
  take("203.0.113.1", "a1");
  for (const name of ["b1", "b2", "b3", "b4"]) take("203.0.113.2", name);
  take("203.0.113.3", "c1");
  take("203.0.113.3", "c2");
  assert.deepEqual(lost, ["b1", "b2"]);
  assert.equal(places.size, 5);
});

Deno.test("SERVERS 3: AddressPlaces counts the /64 of a /56 and of a /48 together", () => {
  const { lost, take } = rig({ total: 1000, perAddress: 2 });
  for (let subnet = 0; subnet < 9; subnet++) take(`2001:db8:0:${subnet}::1`, `in the /56 ${subnet}`);
  assert.deepEqual(lost, ["in the /56 0"]);
  const wide = rig({ total: 1000, perAddress: 2 });
  for (let subnet = 0; subnet < 33; subnet++) {
    wide.take(`2001:db8:0:${(256 * subnet).toString(16)}::1`, `in the /48 ${subnet}`);
  }
  assert.deepEqual(wide.lost, ["in the /48 0"]);
});

Deno.test("SERVERS 3: AddressPlaces frees a place once, whether it was lost before or not", () => {
  const { places, lost, take } = rig({ total: 10, perAddress: 1 });
  const first = take("2001:db8::1", "first");
  const second = take("2001:db8::1", "second");
  first();
  first();
  assert.deepEqual([places.size, lost], [1, ["first"]]);
  second();
  second();
  assert.equal(places.size, 0);
  assert.equal(places.loseOne(), false);
});
