import assert from "node:assert/strict";
import { loneEmoji } from "./lone_emoji.ts";

Deno.test("CONVERSATIONS: one to three emoji alone are large, in whatever way they are made", () => {
  assert.equal(loneEmoji("👍"), 1);
  assert.equal(loneEmoji(" 👨‍👩‍👧‍👦 🏳️‍🌈\n👋🏽 "), 3);
  assert.equal(loneEmoji("🇩🇪❤️1️⃣"), 3);
});

Deno.test("CONVERSATIONS: four emoji, letters, digits and signs are a text", () => {
  for (const text of ["👍👍👍👍", "ok 👍", "1", "12", "#", "©", "\u200d", "", " ", "a\ufe0f", "👍".repeat(9_000)]) {
    assert.equal(loneEmoji(text), 0, text);
  }
});
