import assert from "node:assert/strict";
import { headOf } from "./message_fold.ts";

Deno.test("PEOPLE B8: headOf() gives the first 24 lines of a text of more than 30", () => {
  const lines = (count: number) => Array.from({ length: count }, (_, index) => `line ${index + 1}`).join("\n");
  assert.equal(headOf(""), undefined);
  assert.equal(headOf(lines(30)), undefined);
  assert.equal(headOf(lines(31)), lines(24));
  assert.equal(headOf("\n".repeat(16_000)), "\n".repeat(23));
});

Deno.test("PEOPLE B8: of a text of few and long lines the first words are shown", () => {
  const words = "word ".repeat(600);
  assert.equal(headOf(words), undefined);
  const long = `${"a".repeat(2_390)} https://example.org/${"b".repeat(700)}`;
  assert.equal(headOf(long), "a".repeat(2_390));
  assert.equal(headOf("é".repeat(10_000))?.length, 2_400);
  assert.equal(headOf(`a${"\u{1f33f}".repeat(2_000)}`)?.isWellFormed(), true);
  assert.equal(headOf(`${"x ".repeat(1_700)}\n`.repeat(40))?.length, 2_399);
});
