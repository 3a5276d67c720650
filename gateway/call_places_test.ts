/** Which calls make room, and that they do so over real QUIC. */
import assert from "node:assert/strict";
import {
  type CallPlace,
  CallPlaces,
  type CallState,
  maxStalledPerAddress,
  maxUnfinishedPerAddress,
} from "./call_places.ts";
import type { CallLimit } from "./metrics.ts";

const finished: CallState = { isUnfinished: false, silentMs: 0, stalledMs: 0 };
const halfSent: CallState = { isUnfinished: true, silentMs: 5_000, stalledMs: 0 };
const uploading: CallState = { isUnfinished: true, silentMs: 10, stalledMs: 0 };
const stalled: CallState = { isUnfinished: false, silentMs: 5_000, stalledMs: 5_000 };

/** Calls in memory; `ended` names those that made room. */
function makePlaces(places: number, callsPerAddress = 1_000) {
  const limits: CallLimit[] = [];
  const ended: string[] = [];
  const all = new CallPlaces(callsPerAddress, () => places, (limit) => void limits.push(limit));
  const start = (address: string, state: CallState = finished, name = address): CallPlace | CallLimit => {
    const place = all.take(address);
    if (typeof place === "string") return place;
    place.run({
      state: () => state,
      end: () => {
        ended.push(name);
        place.give();
      },
    });
    return place;
  };
  return { all, start, ended, limits };
}

function startMany(
  start: (address: string, state: CallState) => unknown,
  address: string,
  count: number,
  state: CallState,
) {
  for (let index = 0; index < count; index++) start(address, state);
}

Deno.test("SERVERS 6: when places are short, who has the most makes room, half-sent calls first", () => {
  const { start, ended, limits } = makePlaces(10);
  startMany(start, "192.0.2.1", 5, finished);
  start("192.0.2.1", halfSent, "half-sent");
  startMany(start, "192.0.2.2", 4, finished);
  assert.notEqual(typeof start("192.0.2.3"), "string");
  assert.deepEqual([ended, limits], [["half-sent"], ["fairShare"]]);
  assert.notEqual(typeof start("192.0.2.3"), "string");
  assert.deepEqual(ended, ["half-sent", "192.0.2.1"]);
  // Three or four each: nobody has more than another one would then have.
  assert.equal(start("192.0.2.2"), "fairShare");
  assert.equal(start("192.0.2.1"), "fairShare");
});

Deno.test("SERVERS 6: an attacker's many /64 of one /48 count together when places are short", () => {
  const { start, ended } = makePlaces(64);
  for (let index = 0; index < 64; index++) start(`2001:db8:1:${index.toString(16)}::1`, halfSent, "one of the /48");
  assert.notEqual(typeof start("192.0.2.1"), "string");
  assert.notEqual(typeof start("192.0.2.1"), "string");
  assert.notEqual(typeof start("2001:db8:2::1"), "string");
  assert.deepEqual(ended, Array(3).fill("one of the /48"));
});

Deno.test("SERVERS 6: half-sent calls of an address are bounded; silent ones make room for its next one", () => {
  const { start, ended, limits } = makePlaces(10_000);
  startMany(start, "192.0.2.1", maxUnfinishedPerAddress - 1, uploading);
  start("192.0.2.1", halfSent, "silent");
  assert.notEqual(typeof start("192.0.2.1", uploading), "string");
  assert.deepEqual([ended, limits], [["silent"], ["unfinishedCalls"]]);
  assert.equal(start("192.0.2.1", uploading), "unfinishedCalls");
  assert.notEqual(typeof start("192.0.2.2", uploading), "string");
});

Deno.test("SERVERS 6: a subscription of a busy address is no half-sent call", () => {
  const { start, ended } = makePlaces(10_000);
  startMany(start, "192.0.2.1", 3 * maxUnfinishedPerAddress, { ...finished, silentMs: 60_000 });
  assert.notEqual(typeof start("192.0.2.1"), "string");
  assert.deepEqual(ended, []);
});

Deno.test("SERVERS 3: few calls of an address may stall; those that stall longest go on", () => {
  const { all, start, ended, limits } = makePlaces(10_000);
  startMany(start, "192.0.2.1", maxStalledPerAddress, stalled);
  startMany(start, "192.0.2.1", 20, finished);
  startMany(start, "192.0.2.2", maxStalledPerAddress, stalled);
  all.endStalled();
  assert.deepEqual(ended, []);
  start("192.0.2.1", { ...stalled, stalledMs: 60_000 }, "longest");
  all.endStalled();
  assert.deepEqual([ended, limits], [["longest"], ["stalledCalls"]]);
});

Deno.test("SERVERS 3: the greediest address's calls end when memory is short, and nobody's of few", () => {
  const { all, start, ended, limits } = makePlaces(10_000);
  startMany(start, "192.0.2.1", 31, finished);
  assert.equal(all.endGreediest(32), 0);
  startMany(start, "192.0.2.2", 40, finished);
  assert.equal(all.endGreediest(32), 40);
  assert.deepEqual(new Set(ended), new Set(["192.0.2.2"]));
  assert.equal(limits[0], "memory");
});

Deno.test("CallPlaces gives each place back once, and a place that was lost while its call waited for the core", () => {
  const { all, start, ended } = makePlaces(2, 2);
  const waiting = all.take("192.0.2.1") as CallPlace;
  const second = start("192.0.2.1") as CallPlace;
  assert.equal(all.take("192.0.2.1"), "fairShare");
  assert.notEqual(typeof start("192.0.2.2"), "string", "the call that waits makes room");
  assert.deepEqual([waiting.isLost, second.isLost, ended], [true, false, []]);
  assert.equal(all.take("192.0.2.2"), "fairShare");
  waiting.give();
  second.give();
  assert.notEqual(typeof start("192.0.2.1"), "string");
});
