import assert from "node:assert/strict";
import { findIn, scopeOf } from "./palette.ts";

const names = (typed: string) =>
  findIn(
    [
      { name: "Late train" },
      { name: "Trainspotters", also: ["bob", "carol"] },
      { name: "José and Tom", also: ["tom"] },
      { name: "bob", also: ["bob"] },
    ],
    typed,
    3,
  ).map(({ candidate }) => candidate.name);

Deno.test("CONVERSATIONS: the palette finds by the beginnings of words, names that begin so first", () => {
  assert.deepEqual(names("train"), ["Trainspotters", "Late train"]);
  assert.deepEqual(names("jose to"), ["José and Tom"]);
  assert.deepEqual(names("to jo"), ["José and Tom"]);
  assert.deepEqual(names("potters"), []);
});

Deno.test("CONVERSATIONS: the palette finds chats by their people, behind those of that name", () => {
  assert.deepEqual(names("bo"), ["bob", "Trainspotters"]);
  assert.deepEqual(names("trains carol"), ["Trainspotters"]);
});

Deno.test("CONVERSATIONS: the palette offers everything for nothing, and nothing for signs alone", () => {
  assert.deepEqual(names(" "), ["Late train", "Trainspotters", "José and Tom"]);
  assert.deepEqual(names("!?"), []);
});

Deno.test("CONVERSATIONS: a match of the palette names its places", () => {
  assert.deepEqual(findIn([{ name: "Late train" }], "tr la", 9)[0].ranges, [[0, 2], [5, 7]]);
  assert.deepEqual(findIn([{ name: "train" }], "t tr", 9)[0].ranges, [[0, 1]]);
});

Deno.test("CONVERSATIONS: a first sign asks for commands or people alone", () => {
  assert.deepEqual(scopeOf("> mute "), { scope: "commands", words: "mute" });
  assert.deepEqual(scopeOf(" @bo"), { scope: "people", words: "bo" });
  assert.deepEqual(scopeOf("a > b"), { scope: "all", words: "a > b" });
});
