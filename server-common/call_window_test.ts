import assert from "node:assert/strict";
import { CallWindow } from "./call_window.ts";

function setting(maxKeys?: number) {
  const world = { nowMs: 1000 };
  const window = new CallWindow({ most: 2, spanMs: 100, clock: () => world.nowMs, ...(maxKeys && { maxKeys }) });
  return { world, window };
}

Deno.test("CallWindow allows the number of calls in any span, and says how long to wait", () => {
  const { world, window } = setting();
  assert.equal(window.take(["a"]), 0);
  world.nowMs += 60;
  assert.equal(window.take(["a"]), 0);
  world.nowMs += 30;
  assert.equal(window.take(["a"]), 10, "until the first one is a span ago");
  assert.equal(window.take(["b"]), 0);
  world.nowMs += 10;
  assert.equal(window.take(["a"]), 0);
  assert.equal(window.take(["a"]), 60);
});

Deno.test("CallWindow counts several keys together or not at all, and takes back what came to nothing", () => {
  const { window } = setting();
  assert.deepEqual([window.take(["a"]), window.take(["a", "b"]), window.take(["a", "b"])], [0, 0, 100]);
  assert.equal(window.take(["b"]), 0, "the refused call was not counted for b");
  window.giveBack(["b"]);
  assert.equal(window.take(["b"]), 0);
  window.giveBack(["b"]);
  window.giveBack(["b"]);
  assert.equal(window.size, 1, "a key without a call is forgotten");
});

Deno.test("CallWindow forgets what is over, and the longest unused of too many keys", () => {
  const { world, window } = setting(3);
  for (const key of ["a", "b", "c", "d"]) window.take([key]);
  assert.equal(window.size, 3);
  world.nowMs += 100;
  window.take(["e"]);
  assert.equal(window.size, 1);
  world.nowMs -= 50;
  assert.deepEqual([window.take(["e"]), window.take(["e"])], [0, 0], "a clock that was set back locks nobody out");
});

Deno.test("SERVERS 10: a group of keys that CallWindow bounds can not make it forget its own counts", () => {
  const world = { nowMs: 1000 };
  const group = { of: (key: string) => key[0], maxKeys: 3 };
  const window = new CallWindow({ most: 1, spanMs: 240, clock: () => world.nowMs, maxKeys: 9, group });
  assert.deepEqual([window.take(["a1"]), window.take(["a2", "a3"])], [0, 0]);
  assert.equal(window.take(["a4"]), 10, "the group has too many");
  assert.equal(window.take(["a1"]), 240, "and the first is still known");
  assert.equal(window.take(["b1"]), 0, "other groups go on");
  window.giveBack(["a3"]);
  assert.equal(window.take(["a4"]), 0);
  world.nowMs += 240;
  assert.equal(window.take(["a5", "a6", "a7"]), 0, "what is over makes room");
  assert.equal(window.size, 3);
});
