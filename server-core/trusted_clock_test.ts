import assert from "node:assert/strict";
import { confirmMs, maxStepMs, TrustedClock } from "./trusted_clock.ts";
import type { StoredClock } from "./storage/clock_store.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const yearMs = 365 * dayMs;
const beganMs = 1_800_000_000_000;

/** A machine whose clock and time tests set. */
class Machine {
  /** What its clock is off by, ms. */
  offMs = 0;
  passedMs = 0;
  clock: TrustedClock;

  constructor(stored?: StoredClock) {
    this.clock = this.#made();
    this.clock.begin(stored);
  }

  get trueMs(): number {
    return beganMs + this.passedMs;
  }

  /** Time passes in a running process. */
  pass(ms: number): void {
    this.passedMs += ms;
  }

  /** The process ends, and another one begins `offForMs` later. */
  restart(offForMs: number): void {
    const stored = this.clock.state();
    this.passedMs += offForMs;
    this.clock = this.#made();
    this.clock.begin(stored);
  }

  #made(): TrustedClock {
    const startedMs = this.passedMs;
    return new TrustedClock({
      machine: () => this.trueMs + this.offMs,
      monotonic: () => this.passedMs - startedMs,
    });
  }

  /** How far trusted time is from the true one, ms. */
  error(): number {
    return this.clock.now() - this.trueMs;
  }
}

Deno.test("SERVERS 9: TrustedClock follows the machine's clock, corrected a little, and never runs back", () => {
  const machine = new Machine();
  let before = 0;
  for (const offMs of [0, 40_000, -40_000, 500, 0]) {
    machine.pass(60_000);
    machine.offMs = offMs;
    const nowMs = machine.clock.now();
    assert.ok(nowMs >= before && Math.abs(machine.error()) <= 60_000);
    before = nowMs;
    assert.equal(machine.clock.mayPurge, true);
  }
});

Deno.test("SERVERS 9: two years ahead for 7 s or for a month change nothing that TrustedClock says", () => {
  for (const forMs of [7_000, 30 * dayMs]) {
    const machine = new Machine();
    machine.pass(hourMs);
    machine.offMs = 2 * yearMs;
    for (let passedMs = 0; passedMs < forMs; passedMs += forMs / 7) {
      machine.pass(forMs / 7);
      assert.ok(Math.abs(machine.error()) <= 1, `${machine.error()} ms`);
      assert.equal(machine.clock.mayPurge, false);
      assert.ok(Math.abs(machine.clock.differenceMs - 2 * yearMs) <= 1);
    }
    machine.offMs = 0;
    assert.ok(Math.abs(machine.error()) <= 1);
    assert.equal(machine.clock.mayPurge, true);
  }
});

Deno.test("SERVERS 9: TrustedClock goes on after restarts at a wrong clock, ahead or back", () => {
  for (const offMs of [2 * yearMs, -20 * yearMs]) {
    const machine = new Machine();
    machine.pass(hourMs);
    machine.offMs = offMs;
    machine.restart(5_000);
    assert.equal(machine.error(), -5_000, "what passed meanwhile is not known");
    machine.pass(dayMs);
    assert.equal(machine.error(), -5_000);
    assert.equal(machine.clock.mayPurge, false);
    machine.offMs = 0;
    assert.equal(machine.error(), 0);
    assert.equal(machine.clock.mayPurge, true);
  }
});

Deno.test("SERVERS 9: after 14 days off TrustedClock goes on, and purges wait for an hour; after 15 it waits", () => {
  const machine = new Machine();
  machine.restart(maxStepMs);
  assert.equal(machine.error(), 0);
  assert.equal(machine.clock.mayPurge, false);
  machine.pass(confirmMs / 2);
  machine.restart(0);
  assert.equal(machine.clock.mayPurge, false);
  machine.pass(confirmMs / 2);
  assert.equal(machine.clock.mayPurge, true, "a restart does not begin the hour anew");
  machine.restart(maxStepMs + dayMs);
  assert.equal(machine.error(), -(maxStepMs + dayMs));
  machine.pass(30 * dayMs);
  assert.equal(machine.clock.mayPurge, false);
  machine.clock.believe();
  assert.equal(machine.error(), 0);
  assert.equal(machine.clock.mayPurge, true);
});

Deno.test("SERVERS 9: steps that are not confirmed add up, and are undone when the clock comes back", () => {
  const machine = new Machine();
  machine.pass(hourMs);
  machine.offMs = 10 * dayMs;
  assert.equal(machine.error(), 10 * dayMs);
  machine.pass(7_000);
  machine.offMs = 20 * dayMs;
  assert.equal(machine.error(), 10 * dayMs, "not a second one");
  machine.restart(1_000);
  assert.equal(machine.clock.mayPurge, false);
  machine.offMs = 0;
  assert.equal(machine.error(), 0);
  assert.equal(machine.clock.mayPurge, true);
  assert.equal(machine.clock.stepMs, 0);
});

Deno.test("SERVERS 9: behind by hours TrustedClock waits at half the speed, behind by more it runs on", () => {
  const machine = new Machine();
  machine.pass(hourMs);
  machine.clock.now();
  machine.offMs = -2 * hourMs;
  assert.equal(machine.error(), 0);
  let before = machine.clock.now();
  for (let step = 0; step < 8 * 60; step++) {
    machine.pass(60_000);
    assert.ok(machine.clock.now() >= before);
    before = machine.clock.now();
  }
  assert.ok(machine.error() <= -2 * hourMs + 120_000, "it has met the clock");
  assert.equal(machine.clock.mayPurge, true);
  const other = new Machine();
  other.pass(hourMs);
  other.offMs = -40 * dayMs;
  other.pass(dayMs);
  assert.equal(other.error(), 0);
  assert.equal(other.clock.mayPurge, false);
});

Deno.test("SERVERS 9: a clock that runs twice as fast is noticed", () => {
  const machine = new Machine();
  for (let minute = 0; minute < 30 * 24 * 60; minute++) {
    machine.pass(60_000);
    machine.offMs += 60_000;
    machine.clock.now();
  }
  assert.ok(machine.error() <= maxStepMs + hourMs, `${machine.error() / dayMs} days`);
  assert.equal(machine.clock.mayPurge, false);
});
