/**
 * The time by which the core judges and deletes: the machine's clock, as long as it agrees with the newest time that
 * was seen and with what has passed since (docs/decisions/044).
 */

import type { StoredClock } from "./storage/clock_store.ts";

/** The machine's clock and the trusted time agree within this: what a restart or a correction by NTP takes. */
const slackMs = 120_000;

/** The rest of a step is looked at anew this often, so that a clock that runs fast by 3% or more is noticed. */
const anchorEveryMs = 3_600_000;

/** How far the clock may go ahead without the operator, as after two weeks in which the server was off. */
export const maxStepMs = 14 * 24 * 3_600_000;

/** Nothing is purged until the clock has run evenly for this long after a step. Until then the step can be undone. */
export const confirmMs = 3_600_000;

/** Behind by less than this, trusted time runs at half the speed until the machine's clock has caught up. */
const slewMs = 24 * 3_600_000;

export interface Clocks {
  /** The machine's clock, ms since the Unix epoch. */
  machine: () => number;
  /** ms since any moment, unmoved by corrections of the clock. */
  monotonic: () => number;
}

/** Trusted time. It does not run backwards, except when a step of the clock is undone or by the operator. */
export class TrustedClock {
  readonly #machine: () => number;
  readonly #monotonic: () => number;
  #begun = false;
  /** Trusted time was `anchorMs` when the monotonic clock was at `anchorAtMs`. */
  #anchorMs = 0;
  #anchorAtMs = 0;
  #newestMs = 0;
  #lookedAtMs = 0;
  #differenceMs = 0;
  #stepMs = 0;
  #steadyMs = 0;
  #accepted = 0;

  constructor({ machine, monotonic }: Clocks) {
    this.#machine = machine;
    this.#monotonic = monotonic;
  }

  /** Goes on from what was stored. @param stored undefined: there is no earlier time, so the machine's is believed */
  begin(stored: StoredClock | undefined): void {
    this.#begun = true;
    this.#lookedAtMs = this.#monotonic();
    this.adopt(stored ?? { newestMs: this.#machine(), stepMs: 0, steadyMs: 0, accepted: 0 });
  }

  /** Believes what is stored, whatever was believed before: the operator has accepted the machine's clock. */
  adopt({ newestMs, stepMs, steadyMs, accepted }: StoredClock): void {
    this.#anchor(newestMs, this.#monotonic());
    this.#newestMs = newestMs;
    [this.#stepMs, this.#steadyMs, this.#accepted] = [stepMs, steadyMs, accepted];
    this.now();
  }

  /** Believes the machine's clock. */
  believe(): void {
    this.adopt({ newestMs: this.#machine(), stepMs: 0, steadyMs: 0, accepted: this.#accepted });
  }

  /** @returns whole ms since the Unix epoch */
  now(): number {
    const machineMs = Math.trunc(this.#machine());
    if (!this.#begun) return machineMs;
    const atMs = this.#monotonic();
    const passedMs = Math.max(0, atMs - this.#anchorAtMs);
    const expectedMs = this.#anchorMs + passedMs;
    const offMs = machineMs - expectedMs;
    const sinceLookMs = Math.max(0, atMs - this.#lookedAtMs);
    this.#lookedAtMs = atMs;
    if (Math.abs(offMs) <= slackMs) {
      this.#differenceMs = 0;
      this.#confirm(sinceLookMs);
      if (passedMs >= anchorEveryMs) this.#anchor(Math.max(this.#newestMs, machineMs), atMs);
      return this.#reach(machineMs);
    }
    if (offMs > 0 && this.#stepMs + offMs <= maxStepMs) return this.#step(offMs, machineMs, atMs);
    if (offMs < 0 && -offMs <= this.#stepMs + slackMs) return this.#step(offMs, machineMs, atMs);
    if (offMs < 0 && -offMs < slewMs) this.#anchor(expectedMs - sinceLookMs / 2, atMs);
    const reachedMs = this.#reach(Math.trunc(this.#anchorAtMs === atMs ? this.#anchorMs : expectedMs));
    this.#differenceMs = machineMs - reachedMs;
    return reachedMs;
  }

  /** How far the machine's clock is ahead of the trusted time, ms; negative: behind; 0 while they agree. */
  get differenceMs(): number {
    return this.#differenceMs;
  }

  /** ms that the clock went ahead lately and that have not held for {@link confirmMs} yet. */
  get stepMs(): number {
    return this.#stepMs;
  }

  /** Whether anything may be deleted because of its age. */
  get mayPurge(): boolean {
    this.now();
    return this.#differenceMs === 0 && this.#stepMs === 0;
  }

  /** @returns what is to be stored */
  state(): StoredClock {
    const newestMs = this.now();
    return { newestMs, stepMs: this.#stepMs, steadyMs: this.#steadyMs, accepted: this.#accepted };
  }

  #anchor(trustedMs: number, atMs: number): void {
    this.#anchorMs = trustedMs;
    this.#anchorAtMs = atMs;
  }

  #reach(ms: number): number {
    return this.#newestMs = Math.max(this.#newestMs, ms);
  }

  /** Follows the machine's clock ahead by a bounded step, or back by as much as it had gone ahead. */
  #step(byMs: number, machineMs: number, atMs: number): number {
    const stepMs = Math.trunc(this.#stepMs + byMs);
    this.#stepMs = stepMs <= slackMs ? 0 : stepMs;
    this.#steadyMs = 0;
    this.#differenceMs = 0;
    this.#anchor(machineMs, atMs);
    return this.#newestMs = machineMs;
  }

  #confirm(sinceLookMs: number): void {
    if (this.#stepMs === 0) return;
    this.#steadyMs = Math.trunc(this.#steadyMs + sinceLookMs);
    if (this.#steadyMs < confirmMs) return;
    this.#stepMs = 0;
    this.#steadyMs = 0;
  }
}
