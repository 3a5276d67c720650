/** Detects that the device slept: its timers stop while its clock advances. */

import type { Clock } from "./clock.ts";

/** How often the clock is read, in ms. */
const lookEveryMs = 1_000;
/** A gap of this length means sleep, in ms: longer than pauses of a busy device. Connections survive shorter sleeps. */
const sleptMs = 10_000;

/**
 * Calls `onWake` after each gap between two reads of the clock that only a sleep explains.
 *
 * @returns ends the detection
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
