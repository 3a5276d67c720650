/** Time as it is handed in, so that tests decide it. */
export interface Clock {
  /** Runs `run` once after `delayMs`. @returns cancels it */
  after(delayMs: number, run: () => void): () => void;
  /** ms since 1970 */
  now(): number;
}

export const systemClock: Clock = {
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  now: Date.now,
};
