/** The environment of engines in tests: seeded random delays, ten times shorter than real ones. */

import { silenceMs } from "../connection/subscription.ts";
import { type Environment, systemEnvironment } from "../runtime/environment.ts";

/** The server gives signs of life at a pace of its own, so a device's patience with its silence stays longer. */
const mostForSilence = 10;

/**
 * @param seed of the generator (mulberry32) that chooses delays
 * @param speed by which delays are divided
 */
export function testEnvironment(seed: number, speed = 10): Environment {
  let state = seed;
  return {
    random() {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    },
    after: (delayMs, run) =>
      systemEnvironment.after(delayMs / (delayMs === silenceMs ? Math.min(speed, mostForSilence) : speed), run),
    now: Date.now,
  };
}
