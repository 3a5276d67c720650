/** Delays before the next attempt: they double from 100 ms, with jitter against clients in lockstep. */

const firstDelayMs = 100;
/** Between calls that the server refuses or that fail, in ms. */
export const longestDelayMs = 15_000;
/**
 * Between attempts to connect: a client must find a restarted server within a second
 * (docs/decisions/012-reconnecting.md).
 */
export const longestReconnectMs = 750;

/**
 * @param failures attempts that failed in a row, from 1
 * @param random in [0, 1)
 * @returns ms: between half and all of the doubled delay
 */
export function backoffMs(failures: number, random: number, longestMs: number = longestDelayMs): number {
  const full = Math.min(longestMs, firstDelayMs * 2 ** Math.min(failures - 1, 16));
  return Math.round(full * (0.5 + random / 2));
}

/** @returns ms before a reconnect that the server asked for (E040): soon, but spread over the clients */
export function drainedMs(random: number): number {
  return Math.round(50 + 450 * random);
}

/** @returns ms before a lost commit is built again, so that competing members do not collide again */
export function commitRetryMs(attempt: number, random: number): number {
  return Math.round(Math.min(5_000, 50 * 2 ** Math.min(attempt, 8)) * random);
}
