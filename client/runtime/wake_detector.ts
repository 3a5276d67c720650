/** Noticing that the device slept: timers stand still while the clock goes on. */

import type { Environment } from "./environment.ts";

/** How often the clock is looked at, in ms. */
export const lookEveryMs = 1_000;
/** Longer than any pause of a busy device; shorter sleeps leave connections alive. */
export const sleptMs = 10_000;

/**
 * Calls `onWake` whenever more time has passed between two looks than a device that is awake lets pass.
 *
 * @returns ends the watch
 */
export function detectWake(environment: Environment, onWake: () => void): () => void {
  let cancel = () => {};
  let lastMs = environment.now();
  const look = () => {
    const nowMs = environment.now();
    if (nowMs - lastMs >= sleptMs) onWake();
    lastMs = nowMs;
    cancel = environment.after(lookEveryMs, look);
  };
  cancel = environment.after(lookEveryMs, look);
  return () => cancel();
}
