import assert from "node:assert/strict";
import { loadEmoji } from "./emoji_data.ts";
import { emojiGroups, emojiList, findEmoji, withTone } from "./emoji_list.ts";

Deno.test("CONVERSATIONS: emoji have names in both languages, and are found by words of both", async () => {
  const english = await loadEmoji("en");
  const german = await loadEmoji("de");
  assert.equal(english.length, german.length);
  assert.ok(english.length > 1_800);
  assert.deepEqual([...new Set(english.map(({ group }) => group))], [...emojiGroups]);
  assert.ok([...english, ...german].every(({ sign, label }) => sign !== "" && label !== ""));
  assert.equal(findEmoji(english, "thumbs u", 5)[0].sign, "👍");
  assert.equal(findEmoji(german, "daumen hoch", 5)[0].sign, findEmoji(english, "thumbs up", 1)[0].sign);
  assert.equal(findEmoji(german, "thumbs up", 1)[0].sign, findEmoji(english, "thumbs up", 1)[0].sign);
});

const list = emojiList([
  { unicode: "🥳", label: "Partygesicht", group: 0, order: 2, tags: ["feiern", "Grüße"] },
  {
    unicode: "👋",
    label: "winkende Hand",
    group: 1,
    order: 3,
    skins: "12345".split("").map((unicode) => ({ unicode })),
  },
  { unicode: "🇦", label: "regional indicator A" },
  { unicode: "🏻", label: "helle Hautfarbe", group: 2, order: 4 },
  { unicode: "😀", label: "grinsendes Gesicht", group: 0, order: 1 },
]);

Deno.test("CONVERSATIONS: emoji come in Unicode's order, without parts of others", () => {
  assert.deepEqual(list.map(({ sign }) => sign), ["😀", "🥳", "👋"]);
});

Deno.test("CONVERSATIONS: an emoji is found by the beginning of words, without accents, in bounded number", () => {
  const found = (query: string, most = 10) => findEmoji(list, query, most).map(({ sign }) => sign);
  assert.deepEqual(found("gru"), ["🥳"]);
  assert.deepEqual(found("GESICHT gri"), ["😀"]);
  assert.deepEqual(found("sicht"), []);
  assert.deepEqual(found(" \u0301 "), []);
  assert.deepEqual(found("(.*"), []);
  assert.deepEqual(findEmoji(list, "g", 1).map(({ sign }) => sign), ["😀"], "a name comes before a tag");
});

Deno.test("CONVERSATIONS: a tone of skin is used where the emoji has it", () => {
  assert.equal(withTone(list[2], 3), "3");
  assert.equal(withTone(list[2], 0), "👋");
  assert.equal(withTone(list[0], 3), "😀");
});
