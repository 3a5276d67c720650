import assert from "node:assert/strict";
import { ErrorCode, isWireError } from "./errors.ts";
import { leastBytesPerMs, Pace } from "./pace.ts";

const isLate = (error: unknown) => isWireError(error, ErrorCode.malformed);
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const never = new Promise<never>(() => {});

/** A sender of `bytes` every few ms. */
function sender(bytes: number) {
  const sent = { bytes: 0 };
  const timer = setInterval(() => sent.bytes += bytes, 5);
  return { sent, stop: () => clearInterval(timer) };
}

Deno.test("SERVERS 2: Pace cuts off a sender of one byte now and then, who is never silent for long", async () => {
  const { sent, stop } = sender(1);
  await assert.rejects(new Pace(60, () => sent.bytes).wait(never), isLate);
  stop();
});

Deno.test("SERVERS 2: Pace waits for a slow sender much longer than for one who sends nothing", async () => {
  // Ten times the least rate, as a test machine may be slow; the whole is three times as long as the patience.
  const { sent, stop } = sender(50 * leastBytesPerMs);
  assert.equal(await new Pace(200, () => sent.bytes).wait(pause(600).then(() => 7)), 7);
  stop();
});

Deno.test("SERVERS 2: what came fast earlier is no credit for a long silence", async () => {
  const pace = new Pace(40, () => 10_000_000);
  await pace.wait(pause(1));
  await assert.rejects(pace.wait(pause(2000)), isLate);
});

Deno.test("SERVERS 2: short silences add up over many waits, and the server's own time does not count", async () => {
  const pace = new Pace(50, () => 0);
  await pause(100);
  await assert.rejects(async () => {
    for (let waits = 0; waits < 200; waits++) await pace.wait(pause(5));
  }, isLate);
});

Deno.test("SERVERS 2: what waits at the server does not count as the sender's silence", async () => {
  const startedMs = performance.now();
  const held = new Pace(20, () => 0, () => performance.now() - startedMs);
  assert.equal(await held.wait(pause(200).then(() => 7)), 7);
});
