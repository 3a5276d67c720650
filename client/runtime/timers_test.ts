import assert from "node:assert/strict";
import { Timers } from "./timers.ts";

/** A clock whose timers a test lets run out. */
function setting() {
  const pending = new Set<{ delayMs: number; run: () => void }>();
  const timers = new Timers({
    after: (delayMs, run) => {
      const timer = { delayMs, run };
      pending.add(timer);
      return () => pending.delete(timer);
    },
  });
  const elapse = () => {
    for (const timer of [...pending]) {
      pending.delete(timer);
      timer.run();
    }
  };
  return { timers, pending, elapse };
}

Deno.test("Timers runs the work of each name once, and the name is free by then", () => {
  const { timers, elapse } = setting();
  const ran: string[] = [];
  timers.start("one", 10, () => ran.push(`one ${timers.has("one")}`));
  timers.start("two", 20, () => ran.push("two"));
  assert.deepEqual([timers.size, timers.has("one"), timers.has("three"), timers.count("t")], [2, true, false, 1]);
  elapse();
  elapse();
  assert.deepEqual(ran, ["one false", "two"]);
  assert.equal(timers.size, 0);
});

Deno.test("Timers.start() replaces a pending timer of the same name", () => {
  const { timers, pending, elapse } = setting();
  const ran: string[] = [];
  timers.start("one", 10, () => ran.push("first"));
  timers.start("one", 20, () => ran.push("second"));
  assert.deepEqual([...pending].map(({ delayMs }) => delayMs), [20]);
  elapse();
  assert.deepEqual(ran, ["second"]);
});

Deno.test("Timers.cancel() ends one timer, close() ends all and lets none start", () => {
  const { timers, pending, elapse } = setting();
  const ran: string[] = [];
  for (const name of ["one", "two", "three"]) timers.start(name, 10, () => ran.push(name));
  timers.cancel("two");
  timers.cancel("no such timer");
  assert.equal(pending.size, 2);
  timers.close();
  assert.equal(pending.size, 0);
  timers.start("four", 10, () => ran.push("four"));
  elapse();
  assert.deepEqual([ran, timers.size], [[], 0]);
});
