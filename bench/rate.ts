/** How many calls a second some callers at once get through, and how long each takes. */

import { percentiles } from "./statistics.mjs";

export interface Rate {
  callers: number;
  perSecond: number;
  /** ms */
  p50: number;
  /** ms */
  p99: number;
}

/** Lets `callers` loops call for `forMs` after a second of warming up. */
export async function rateOf(callers: number, call: (caller: number) => Promise<unknown>, forMs = 4000): Promise<Rate> {
  const samples: number[] = [];
  const startMs = performance.now() + 1000;
  const endMs = startMs + forMs;
  await Promise.all(Array.from({ length: callers }, async (_, caller) => {
    while (performance.now() < endMs) {
      const sentMs = performance.now();
      await call(caller);
      const doneMs = performance.now();
      if (sentMs >= startMs && doneMs <= endMs) samples.push(doneMs - sentMs);
    }
  }));
  const { p50, p99, count } = percentiles(samples);
  return { callers, perSecond: count / (forMs / 1000), p50, p99 };
}
