/** The clock and the timers that the engine uses; tests replace them. */

export interface Clock {
  /**
   * Runs `run` once.
   *
   * @param delayMs ms from now
   * @returns cancels the timer
   */
  after(delayMs: number, run: () => void): () => void;
  /** @returns ms since the Unix epoch by the device's own clock */
  now(): number;
}

/** The clock and the timers of the device. */
export const systemClock: Clock = {
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  now: Date.now,
};

/** Resolves after `delayMs`, or at once when `signal` aborts; never rejects. */
export function pause(clock: Pick<Clock, "after">, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const finish = () => {
      cancel();
      signal.removeEventListener("abort", finish);
      resolve();
    };
    const cancel = clock.after(delayMs, finish);
    signal.addEventListener("abort", finish, { once: true });
  });
}
