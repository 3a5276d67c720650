/** Noticing that the device slept: timers stand still while the clock goes on. */

import type { Clock } from "./clock.ts";

/** How often the clock is looked at, in ms. */
export const lookEveryMs = 1_000;
/** Longer than any pause of a busy device; shorter sleeps leave connections alive. */
export const sleptMs = 10_000;

/**
 * Calls `onWake` whenever more time has passed between two looks than a device that is awake lets pass.
 *
 * @returns ends the watch
 */
export function detectWake(clock: Clock, onWake: () => void): () => void {
  let cancel = () => {};
  let lastMs = clock.now();
  const look = () => {
    const nowMs = clock.now();
    if (nowMs - lastMs >= sleptMs) onWake();
    lastMs = nowMs;
    cancel = clock.after(lookEveryMs, look);
  };
  cancel = clock.after(lookEveryMs, look);
  return () => cancel();
}
