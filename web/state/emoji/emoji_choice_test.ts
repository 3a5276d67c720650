import assert from "node:assert/strict";
import { chooseEmojiTone, emojiTone, recentEmoji, usedEmoji } from "./emoji_choice.ts";

Deno.test("CONVERSATIONS: the emoji that were used last come first, each once, and not more than 24", () => {
  localStorage.clear();
  assert.deepEqual(recentEmoji(), []);
  for (const sign of ["a", "b", "a"]) usedEmoji(sign);
  assert.deepEqual(recentEmoji(), ["a", "b"]);
  for (let count = 0; count < 30; count++) usedEmoji(`${count}`);
  assert.equal(recentEmoji().length, 24);
  assert.equal(recentEmoji()[0], "29");
});

Deno.test("CONVERSATIONS: what is stored in another form is no emoji and no tone", () => {
  for (const stored of ["{", "7", '{"a":1}', '[7,null,""]', JSON.stringify(["x".repeat(99)])]) {
    localStorage.setItem("qpq-emoji", stored);
    assert.deepEqual(recentEmoji(), [], stored);
  }
  for (const stored of ["", "6", "-1", "x", "1.5"]) {
    localStorage.setItem("qpq-emoji-tone", stored);
    assert.equal(emojiTone(), 0, stored);
  }
  chooseEmojiTone(4);
  assert.equal(emojiTone(), 4);
  localStorage.clear();
});
