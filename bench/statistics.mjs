/** Percentiles of measured times. */

/**
 * @param {number[]} samples in ms
 * @returns {{ p50: number, p99: number, count: number }}
 */
export function percentiles(samples) {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  return { p50: at(0.5), p99: at(0.99), count: sorted.length };
}

/** @returns a number with three significant digits */
export function rounded(value) {
  if (value >= 1000) return Math.round(value).toLocaleString("en");
  return String(Number(value.toPrecision(3)));
}
