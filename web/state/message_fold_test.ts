import assert from "node:assert/strict";
import { headOf } from "./message_fold.ts";

Deno.test("PEOPLE B8: headOf() gives the first 24 lines of a text of more than 30", () => {
  const lines = (count: number) => Array.from({ length: count }, (_, index) => `line ${index + 1}`).join("\n");
  assert.equal(headOf(""), undefined);
  assert.equal(headOf("a long line ".repeat(1000)), undefined);
  assert.equal(headOf(lines(30)), undefined);
  assert.equal(headOf(lines(31)), lines(24));
  assert.equal(headOf("\n".repeat(16_000)), "\n".repeat(23));
});
