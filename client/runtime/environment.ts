/** Time and chance as they are handed in, so that tests decide both. */

export interface Environment {
  /** Runs `run` once after `delayMs`. @returns cancels it */
  after(delayMs: number, run: () => void): () => void;
  /** A number in [0, 1) for delays; never for keys. */
  random(): number;
  /**
   * Ms since the Unix epoch by the device's own clock, for spans and for times shown before the server's
   * clock is known.
   */
  now(): number;
  /**
   * Own messages in one epoch after which the sender renews its keys: 150 (specification §3.6) where it is
   * absent. Tests that need many such commits lower it.
   */
  readonly renewAfterMessages?: number;
  /**
   * KeyPackages that the server should have of this device: 20 (specification §4.8) where it is absent. Tests
   * of many devices lower it.
   */
  readonly wantedKeyPackages?: number;
}

/** The real ones. */
export const systemEnvironment: Environment = {
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  random: Math.random,
  now: Date.now,
};

/** Resolves after `delayMs`, or at once when `signal` aborts; never rejects. */
export function pause(environment: Environment, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const finish = () => {
      cancel();
      signal.removeEventListener("abort", finish);
      resolve();
    };
    const cancel = environment.after(delayMs, finish);
    signal.addEventListener("abort", finish, { once: true });
  });
}
