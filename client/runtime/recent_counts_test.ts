import assert from "node:assert/strict";
import { RecentCounts } from "./recent_counts.ts";

Deno.test("RecentCounts counts by key and by what was done, and forgets after its span", () => {
  let nowMs = 0;
  const hour = new RecentCounts(() => nowMs);
  hour.note("device", "a");
  nowMs = 1_000;
  hour.note("device", "b");
  assert.deepEqual([hour.count("device"), hour.count("device", "a"), hour.count("other")], [2, 1, 0]);
  assert.deepEqual([hour.freeMs("device", 3), hour.freeMs("device", 2)], [-Infinity, 3_600_000]);
  nowMs = 3_600_000;
  assert.deepEqual([hour.count("device"), hour.count("device", "a")], [1, 0]);
  assert.equal(hour.freeMs("device", 2), -Infinity);
});
