/**
 * How long to wait before the next try: doubling from 100 ms, each with jitter so that clients do not return
 * in step.
 */

export const firstDelayMs = 100;
/** Between calls that a server refuses or fails. */
export const longestDelayMs = 15_000;
/**
 * Between attempts to connect: nothing announces that a server is back, and it is to be found within a second
 * (docs/decisions/012-reconnecting.md).
 */
export const longestReconnectMs = 750;

/**
 * @param failures tries that failed in a row, from 1
 * @param random in [0, 1)
 * @returns ms: between half and all of the doubled delay
 */
export function backoffMs(failures: number, random: number, longestMs: number = longestDelayMs): number {
  const full = Math.min(longestMs, firstDelayMs * 2 ** Math.min(failures - 1, 16));
  return Math.round(full * (0.5 + random / 2));
}

/** @returns ms before a reconnect that the server asked for (E040): soon, but not all clients at the same moment */
export function drainedMs(random: number): number {
  return Math.round(50 + 450 * random);
}

/** @returns ms before a lost commit is built again, so that members that collided do not collide again */
export function commitRetryMs(attempt: number, random: number): number {
  return Math.round(Math.min(5_000, 50 * 2 ** Math.min(attempt, 8)) * random);
}
