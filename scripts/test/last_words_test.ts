import assert from "node:assert/strict";
// @ts-ignore: plain JavaScript with JSDoc types
import { LastWords } from "./last_words.mjs";

Deno.test("LastWords keeps what was said last, without colours and tests that passed", () => {
  const words = new LastWords();
  for (let count = 0; count < 100; count++) words.take(`line ${count}`);
  words.take("\x1b[31merror\x1b[0m: it failed");
  words.take("a sentence ... ok (5ms)");
  words.take("  ✓  1 a.spec.ts › a sentence (5ms)");
  words.take("");
  assert.equal(words.end(30), "line 99\nerror: it failed");
  assert.equal(words.end(10_000).split("\n").length, 60);
  assert.equal(words.end(5), "");
});
