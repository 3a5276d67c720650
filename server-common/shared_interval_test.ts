import assert from "node:assert/strict";
import { every } from "./shared_interval.ts";

Deno.test("every() calls all that wait equally long from one timer, until each is ended", async () => {
  const begun: unknown[] = [];
  const { setInterval: own } = globalThis;
  globalThis.setInterval = ((...given: Parameters<typeof own>) => {
    begun.push(given[1]);
    return own(...given);
  }) as typeof own;
  try {
    const counts = [0, 0, 0];
    const stops = [10, 10, 20].map((periodMs, index) => every(periodMs, () => counts[index]++));
    assert.deepEqual(begun, [10, 20]);
    while (Math.min(...counts) < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    stops[0]();
    stops[0]();
    const [stopped, going] = counts;
    while (counts[1] < going + 2) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(counts[0], stopped);
    stops[1]();
    stops[2]();
    every(10, () => {})();
    assert.deepEqual(begun, [10, 20, 10], "the timer ended with the last of them");
  } finally {
    globalThis.setInterval = own;
  }
});
