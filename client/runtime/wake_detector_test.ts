import assert from "node:assert/strict";
import { detectWake } from "./wake_detector.ts";

Deno.test("detectWake() tells once of a clock that jumped, and nothing of a busy device", () => {
  let nowMs = 0;
  let look: (() => void) | undefined;
  let woke = 0;
  const environment = {
    now: () => nowMs,
    random: () => 0,
    after: (_delayMs: number, run: () => void) => {
      look = run;
      return () => look = undefined;
    },
  };
  const stop = detectWake(environment, () => woke++);
  for (const span of [1_000, 1_000, 6_000, 1_000]) {
    nowMs += span;
    look!();
  }
  assert.equal(woke, 0);
  nowMs += 8 * 3_600_000;
  look!();
  nowMs += 1_000;
  look!();
  assert.equal(woke, 1);
  stop();
  assert.equal(look, undefined);
});
