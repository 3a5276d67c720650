import assert from "node:assert/strict";
import {
  arrivalKey,
  claimedPlace,
  countKey,
  countOf,
  isWaitingKey,
  maxPlaceAhead,
  noPlaces,
  placeKey,
  placeStart,
  waitingKey,
  waitingStart,
} from "./places.ts";

const nowMs = 1_800_000_000_000;
const now = nowMs * 1_024;

Deno.test("PEOPLE B2: places sort: lines of earlier versions, then the channel's order, then what waits", () => {
  const replaced = { moves: 1 };
  const sorted = [
    countKey(0),
    countKey(0xffff_ffff),
    placeKey(noPlaces, 0, 7),
    placeKey(noPlaces, now, 9),
    placeKey(noPlaces, now, 10),
    placeKey(noPlaces, now + 1, 3),
    placeKey(noPlaces, 2 ** 53 - 1, 1),
    // A replacement channel stands behind, whatever its places are.
    placeKey(replaced, 1, 2),
    placeKey(replaced, now, 0),
    placeKey({ moves: 0x1_0000 }, 1, 0),
    waitingKey(0),
    waitingKey(0xffff_ffff),
  ];
  assert.deepEqual(sorted.toSorted(), sorted);
  assert.deepEqual(sorted.filter(isWaitingKey), sorted.slice(-2));
  assert.deepEqual(sorted.filter((order) => order >= waitingStart), sorted.slice(-2));
});

Deno.test("PEOPLE B2: a place says when its line came to this device, wherever it stands", () => {
  for (const order of [countKey(42), placeKey(noPlaces, now, 42), placeKey({ moves: 3 }, 5, 42), waitingKey(42)]) {
    assert.deepEqual([arrivalKey(order), countOf(order)], [countKey(42), 42], order);
  }
});

Deno.test("PEOPLE B2: a place before that of another line is before it, whatever their counts are", () => {
  assert.ok(placeStart(noPlaces, 6) > placeKey(noPlaces, 5, 2 ** 47));
  assert.ok(placeStart(noPlaces, 5) < placeKey(noPlaces, 5, 0));
});

Deno.test("PEOPLE B2: claimedPlace() believes no place that is further ahead than 2^33, and no other number", () => {
  const claimed = (place: number, receivedMs = nowMs, received = 0) =>
    claimedPlace({ place, receivedMs }, nowMs, received);
  for (const place of [1, now - 1, now, now + maxPlaceAhead]) assert.equal(claimed(place), place);
  for (const place of [now + maxPlaceAhead + 1, 2 ** 53, Infinity, NaN, -1.5, 0.5, now + 0.5]) {
    assert.notEqual(claimed(place), place, `${place}`);
  }
  assert.equal(claimed(2 ** 52), undefined);
  assert.equal(claimed(2 ** 52 + 5, nowMs, 2 ** 52), 2 ** 52 + 5, "a channel counts on from a clock that was wrong");
});

Deno.test("PEOPLE B2: claimedPlace() takes the server's time where an older server gives no place", () => {
  const claimed = (receivedMs: number) => claimedPlace({ place: 0, receivedMs }, nowMs, 0);
  assert.equal(claimed(nowMs - 5), (nowMs - 5) * 1_024);
  assert.equal(claimed(0), undefined);
  assert.equal(claimed(nowMs + 24 * 3_600_000), undefined);
  assert.equal(claimedPlace({ place: 0, receivedMs: 2 ** 50 }, 2 ** 50, 0), 2 ** 52, "as far as the server counts");
});
