/** The places of a channel's messages and commits (specification §4.12), as server and clients count them. */

/** Places for each millisecond. More messages than this in one only let the channel run ahead of the clock. */
const perMs = 1_024;

/**
 * The clock's last place, in 2109. Behind it a channel counts on by one, so that a clock that is far ahead can not
 * bring it to 2^53, the end of exact integers.
 */
const clockEnd = 2 ** 52;

/** @param ms since the Unix epoch @returns the first place of that time */
export function placeAt(ms: number): number {
  return Math.min(ms * perMs, clockEnd);
}
