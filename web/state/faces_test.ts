import assert from "node:assert/strict";
import { hueClass, initialsOf } from "./faces.ts";

Deno.test("CONVERSATIONS: hueClass() takes the colour from the key, and none without a key", () => {
  const key = (first: number) => first.toString(16).padStart(2, "0").repeat(32);
  assert.match(hueClass(key(1)), /^h-[0-7]$/);
  assert.equal(hueClass(key(7)), hueClass(key(7)));
  assert.equal(hueClass(undefined), "");
  assert.equal(hueClass(""), "");
  const seen = new Set(Array.from({ length: 256 }, (_, first) => hueClass(key(first))));
  assert.equal(seen.size, 8, "every colour is somebody's");
});

Deno.test("CONVERSATIONS: initialsOf() takes one letter of a person and two of a group", () => {
  assert.equal(initialsOf("petra.lumiz", false), "P");
  assert.equal(initialsOf("Reading circle", true), "RC");
  assert.equal(initialsOf("⛰️ hut weekend", true), "HW");
  assert.equal(initialsOf("(the) 2nd one", true), "T2");
  assert.equal(initialsOf("𝒜lpha", false), "𝒜");
  assert.equal(initialsOf("קבוצה", true), "ק");
  assert.equal(initialsOf("⛰️", true), "");
  assert.equal(initialsOf("", false), "");
});
