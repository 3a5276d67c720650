import assert from "node:assert/strict";
import { resendFrom } from "./restored.ts";

const dayMs = 24 * 3_600_000;
const nowMs = 1_700_000_000_000;

Deno.test("PEOPLE A3: the server's word about a restore counts for 30 days back, and never beyond now", () => {
  const from = (restoredMs: number, restoredToMs: number) => resendFrom({ restoredMs, restoredToMs }, nowMs);
  assert.equal(from(nowMs - 1, nowMs - dayMs), nowMs - dayMs);
  assert.equal(from(nowMs - 1, nowMs - 30 * dayMs), nowMs - 30 * dayMs);
  assert.equal(from(nowMs - 1, nowMs - 31 * dayMs), nowMs - 30 * dayMs);
  assert.equal(from(nowMs - 1, 0), nowMs - 30 * dayMs);
  assert.equal(from(1, 0), nowMs - 30 * dayMs, "before the account was there");
  assert.equal(from(nowMs + dayMs, nowMs + dayMs), nowMs, "in the future");
  assert.equal(from(nowMs - dayMs, nowMs), nowMs - dayMs, "nothing can be of after the restore");
});
