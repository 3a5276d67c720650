import assert from "node:assert/strict";
import { Recovery, type Sample } from "./recovery.ts";

function measured() {
  let nowMs = 0;
  const slow: Sample[] = [];
  const recovery = new Recovery(() => nowMs, (sample) => slow.push(sample));
  return { recovery, slow, at: (ms: number) => void (nowMs = ms) };
}

Deno.test("a sender is back when an own message is sent after the fault has ended", () => {
  const { recovery, at } = measured();
  recovery.begin(["dave"], "core");
  recovery.sent("dave");
  at(1_000);
  recovery.end(["dave"]);
  assert.deepEqual(recovery.waiting(), ["dave out"]);
  at(1_300);
  recovery.sent("dave");
  assert.deepEqual(recovery.waiting(), []);
  recovery.sent("dave");
  assert.deepEqual(recovery.samples, [{ who: "dave", way: "out", ms: 300, sinceFaultMs: 1_300, after: "core" }]);
});

Deno.test("a receiver's time begins when somebody else can send again", () => {
  const { recovery, at } = measured();
  recovery.begin(["carol", "dave"], "core");
  recovery.end(["carol", "dave"]);
  at(2_000);
  recovery.sent("dave");
  at(2_100);
  recovery.heard("carol");
  assert.deepEqual(recovery.samples.map(({ who, ms }) => [who, ms]), [["dave", 2_000], ["carol", 100]]);
});

Deno.test("of two faults at once the later end counts", () => {
  const { recovery, at } = measured();
  recovery.begin(["dave"], "core");
  recovery.begin(["dave"], "core, blackout");
  recovery.end(["dave"]);
  at(500);
  recovery.sent("dave");
  recovery.end(["dave"]);
  at(700);
  recovery.sent("dave");
  assert.deepEqual(recovery.samples, [
    { who: "dave", way: "out", ms: 200, sinceFaultMs: 700, after: "core, blackout" },
  ]);
});

Deno.test("who is not back when the next fault comes counts, if that took long already", () => {
  const { recovery, slow, at } = measured();
  for (const startMs of [0, 10_000]) {
    at(startMs);
    recovery.begin(["dave"], "core");
    recovery.end(["dave"]);
    at(startMs + (startMs === 0 ? 1_000 : 6_000));
    recovery.begin(["dave"], "gateway");
    recovery.end(["dave"]);
    recovery.sent("dave");
  }
  const [, unfinished] = recovery.samples;
  const dave = { who: "dave", way: "out", after: "core", unfinished: true } as const;
  assert.deepEqual(unfinished, { ...dave, ms: 6_000, sinceFaultMs: 6_000 });
  assert.deepEqual(recovery.cutShort, [{ ...dave, ms: 1_000, sinceFaultMs: 1_000 }], "and is counted, if it did not");
  assert.deepEqual(slow, [unfinished]);
});
