import assert from "node:assert/strict";
import { cutText, isVisible, requireVisible } from "./visible_text.ts";

Deno.test("PEOPLE B8: isVisible() refuses what nobody sees, and half of a character", () => {
  const blank = [
    "",
    " ",
    "\n\t\r\n",
    "\u00a0\u3000",
    "\u200b\u200d\ufeff",
    "\u202e\u2066",
    "\u00ad",
    "\u3164",
    "\u2800",
  ];
  const tags = ["\u{e0041}\u{e007f}", "\ufe0f", "\u0000\u001b", "\u115f\u1160 \uffa0", "\u061c"];
  const halves = ["\ud83d", "hello \udc34", "\ud83d\ud83d\udc34"];
  for (const text of [...blank, ...tags, ...halves]) assert.equal(isVisible(text), false, JSON.stringify(text));
});

Deno.test("PEOPLE B8: isVisible() takes whatever shows something", () => {
  for (const text of ["a", " a ", "🐴", "👩‍👩‍👧", "❤️", "🇩🇪", "\u202eabc", "نعم", "ㅎ", ".", "\u0301"]) {
    assert.equal(isVisible(text), true, JSON.stringify(text));
  }
});

Deno.test("PEOPLE B8: requireVisible() says what is wrong, with L032", () => {
  assert.throws(() => requireVisible("\u200b", "a name"), /L032 a name in which nothing can be seen/);
  assert.throws(() => requireVisible("a\ud800", "a message"), /L032 a message with half of a character in it/);
  requireVisible("a", "a name");
});

Deno.test("PEOPLE B8: cutText() never cuts a character in half", () => {
  assert.equal(cutText("ab🐴", 3), "ab");
  assert.equal(cutText("ab🐴", 4), "ab🐴");
  assert.equal(cutText("abc", 2), "ab");
});
