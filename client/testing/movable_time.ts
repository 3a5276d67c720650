/** A clock that a test moves by hours and days, for a core and its engines. */

import { type Environment, systemEnvironment } from "../runtime/environment.ts";

/**
 * Timers of this length and more wait for the test to move the clock; shorter ones are about the network, and
 * run by themselves.
 */
const longMs = 900_000;

/** A test may set the clock of the process wrong: what goes by this one stays right. */
const systemNow = Date.now;

export class MovableTime {
  #aheadMs: number;
  readonly #timers = new Set<{ dueMs: number; run: () => void }>();

  /** @param startMs what the clock shows at first, in ms since the Unix epoch; it runs from then on */
  constructor(startMs = systemNow()) {
    this.#aheadMs = startMs - systemNow();
  }

  /** Ms since the Unix epoch. */
  readonly now = (): number => systemNow() + this.#aheadMs;

  /** Moves the clock, and runs what is due by then in the order of time. */
  pass(spanMs: number): void {
    const untilMs = this.now() + spanMs;
    this.#aheadMs += spanMs;
    for (const timer of [...this.#timers].sort((a, b) => a.dueMs - b.dueMs)) {
      if (timer.dueMs > untilMs) return;
      this.#timers.delete(timer);
      timer.run();
    }
  }

  /** @param inner gives short timers and chance */
  environment(inner: Environment = systemEnvironment): Environment {
    return {
      random: () => inner.random(),
      now: this.now,
      after: (delayMs, run) => {
        if (delayMs < longMs) return inner.after(delayMs, run);
        const timer = { dueMs: this.now() + delayMs, run };
        this.#timers.add(timer);
        return () => this.#timers.delete(timer);
      },
    };
  }
}
