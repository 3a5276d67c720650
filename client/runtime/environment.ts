/** Time, random delays and two sizes, all replaceable by tests. */

import { type Clock, systemClock } from "./clock.ts";

export interface Environment extends Clock {
  /** @returns a number in [0, 1) for delays; never for keys */
  random(): number;
  /** Own messages since the own leaf was made, after which the device renews it (specification §3.6). Default: 150. */
  readonly renewAfterMessages?: number;
  /** The pause between two renewals in a channel, in ms (specification §3.6). Default: 600,000. */
  readonly renewalSpacingMs?: number;
  /** KeyPackages that the server should have of this device (specification §4.8). Default: 20. */
  readonly wantedKeyPackages?: number;
}

/** The device's clock and random numbers, and the default sizes. */
export const systemEnvironment: Environment = { ...systemClock, random: Math.random };
