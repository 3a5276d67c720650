import assert from "node:assert/strict";
import { staggered } from "./staggered.ts";

/** Attempts that the test ends, and a timer that it rings. */
function setting(atOnce = 3) {
  const attempts: { resolve(value: string): void; reject(error: Error): void; signal: AbortSignal }[] = [];
  const discarded: string[] = [];
  const stop = new AbortController();
  let ring: (() => void) | undefined;
  const result = staggered<string>({
    attempt: (signal) => new Promise((resolve, reject) => void attempts.push({ resolve, reject, signal })),
    discard: (late) => void discarded.push(late),
    everyMs: 750,
    atOnce,
    after: (delayMs, run) => {
      assert.equal(delayMs, 750);
      ring = run;
      return () => ring = undefined;
    },
    signal: stop.signal,
  });
  return { attempts, discarded, stop, result, ring: () => ring!(), waits: () => ring !== undefined };
}

Deno.test("staggered() races a hanging attempt, takes the first result, discards late ones", async () => {
  const { attempts, discarded, result, ring, waits } = setting();
  ring();
  ring();
  attempts[1].resolve("second");
  assert.equal(await result, "second");
  assert.deepEqual([attempts[0].signal.aborted, attempts[2].signal.aborted, waits()], [true, true, false]);
  attempts[0].resolve("first, late");
  await Promise.resolve();
  assert.deepEqual(discarded, ["first, late"]);
});

Deno.test("staggered() fails at once when its only attempt fails, and not while another is under way", async () => {
  const alone = setting();
  alone.attempts[0].reject(new Error("refused"));
  await assert.rejects(alone.result, /refused/);
  const two = setting();
  two.ring();
  two.attempts[0].reject(new Error("refused"));
  await Promise.resolve();
  two.attempts[1].resolve("through");
  assert.equal(await two.result, "through");
});

Deno.test("staggered() keeps no more attempts under way than it may, and ends with its signal", async () => {
  const { attempts, result, ring, stop } = setting(2);
  ring();
  ring();
  assert.deepEqual(attempts.map(({ signal }) => signal.aborted), [true, false, false]);
  stop.abort(new Error("stopped"));
  await assert.rejects(result, /stopped/);
  assert.ok(attempts.every(({ signal }) => signal.aborted));
});
