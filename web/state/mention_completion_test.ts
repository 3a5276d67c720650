import assert from "node:assert/strict";
import { completed, completionAt } from "./mention_completion.ts";

const members = ["anna", "annika", "bert"];
const offered = (text: string, caret = text.length) => completionAt(text, caret, members)?.usernames;

Deno.test("CONVERSATIONS: names are offered where one is being written, by its beginning", () => {
  assert.deepEqual(offered("@"), members);
  assert.deepEqual(offered("ask @AN"), ["anna", "annika"]);
  assert.deepEqual(offered("(@b"), ["bert"]);
  assert.deepEqual(offered("@an is here", 3), ["anna", "annika"]);
});

Deno.test("CONVERSATIONS: nothing is offered in addresses, behind a whole name, or for a stranger", () => {
  for (const text of ["", "anna", "mail a@an", "x/@an", "@zoe", "@bert", "@bert ", "@@a", "@ "]) {
    assert.equal(offered(text), undefined, text);
  }
  assert.equal(completionAt("@".repeat(60_000), 60_000, members), undefined);
  assert.equal(completionAt("@", 1, Array.from({ length: 900 }, (_, index) => `reader${index}`))?.usernames.length, 6);
});

Deno.test("CONVERSATIONS: the chosen name takes the place of what was begun, with a space behind it", () => {
  assert.deepEqual(completed("ask @an", 7, { start: 4, usernames: [] }, "anna"), { text: "ask @anna ", caret: 10 });
  assert.deepEqual(completed("@an is", 3, { start: 0, usernames: [] }, "anna"), { text: "@anna is", caret: 6 });
});
