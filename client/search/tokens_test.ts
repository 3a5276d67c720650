/** What is one word for the search. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { indexed, maxTokenLength, tokensOf } from "./tokens.ts";

const words = (text: string) => tokensOf(text).map((token) => token.text);

Deno.test("CONVERSATIONS: case, accents and ß do not make another word", () => {
  assert.deepEqual(words("Straße STRASSE strasse"), ["strasse", "strasse", "strasse"]);
  assert.deepEqual(words("Über Kaffeehäuser, déjà vu!"), ["uber", "kaffeehauser", "deja", "vu"]);
  assert.deepEqual(words("ΟΔΟΣ οδός"), ["οδοσ", "οδοσ"]);
  assert.deepEqual(words("e\u0301te\u0301"), ["ete"], "accents as characters of their own");
  assert.deepEqual(words("ﬁnal ½ ①"), ["final", "1", "2", "1"], "compatibility forms");
  assert.deepEqual(words("Don't foo-bar@example.org"), ["don", "t", "foo", "bar", "example", "org"]);
});

Deno.test("CONVERSATIONS: scripts without spaces give one word a character, and vowel signs stay", () => {
  assert.deepEqual(words("東京タワー"), ["東", "京", "タ", "ワ", "ー"]);
  assert.deepEqual(words("か\u3099ｶﾞ ガ"), ["が", "ガ", "ガ"], "voicing marks belong to their letter");
  assert.deepEqual(words("한국어"), ["한", "국", "어"]);
  assert.deepEqual(words("कि की"), ["कि", "की"]);
  assert.deepEqual(words("see 👍🏽 ❤️"), ["see", "👍", "❤"]);
  assert.deepEqual(words("๏ ก๚ ፠ ・ 。"), ["ก"], "signs of these scripts are no words");
});

Deno.test("CONVERSATIONS: a word says where it stands, and long ones are cut", () => {
  assert.deepEqual(tokensOf("„Straße“"), [{ text: "strasse", start: 1, end: 7 }]);
  assert.equal(words("x".repeat(1000))[0].length, maxTokenLength);
  assert.ok(words(`${"x".repeat(maxTokenLength - 1)}𝟙${"𐐀".repeat(40)}`)[0].isWellFormed());
});

Deno.test("CONVERSATIONS: no text breaks the cutting into words, and places lie in the text", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
    for (const token of tokensOf(text)) {
      assert.ok(token.text !== "" && token.start < token.end && token.end <= text.length);
      assert.match(token.text, /^[\p{L}\p{N}\p{M}\p{Extended_Pictographic}\uff9e\uff9f]+$/u);
    }
    assert.ok(!/["*():^]/.test(indexed(text)));
  }));
});

Deno.test("CONVERSATIONS: 64 KiB of anything are cut into words in a moment", () => {
  for (const piece of ["a", "a\u0301", "か\u3099", "👍", "\u0301", "ß ", "\u{1d552}"]) {
    assert.ok(tokensOf(piece.repeat(65_536 / piece.length)).length <= 65_536);
  }
});
