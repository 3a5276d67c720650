import assert from "node:assert/strict";
import { mentions, mentionsIn } from "./mentions.ts";

const members = new Set(["anna", "ben.b", "ben", "cleo-"]);
const found = (text: string) =>
  mentionsIn(text, (name) => members.has(name)).map(({ start, end }) => text.slice(start, end));

Deno.test("CONVERSATIONS: a mention is the whole name of a member, in any case, before the end of a sentence", () => {
  assert.deepEqual(found("@anna, did you ask @Ben?"), ["@anna", "@Ben"]);
  assert.deepEqual(found("Ask @ben."), ["@ben"]);
  assert.deepEqual(found("Ask @ben.b."), ["@ben.b"]);
  assert.deepEqual(found("(@cleo-) and @ANNA…"), ["@cleo-", "@ANNA"]);
  assert.deepEqual(found("@anna\n@ben"), ["@anna", "@ben"]);
});

Deno.test("CONVERSATIONS: parts of names, addresses and strangers are no mentions", () => {
  for (const text of ["@annabel", "mail anna@ben", "@@anna", "x/@anna", "@zoe", "@", "@ anna", "ü@anna", "@ben.c"]) {
    assert.deepEqual(found(text), [], text);
  }
  assert.equal(mentions("hello @anna", "anna"), true);
  assert.equal(mentions("hello @anna", "ann"), false);
});

Deno.test("CONVERSATIONS: a text that is nothing but signs for mentions is read once", () => {
  const text = `@a${".".repeat(16_000)}`;
  let asked = 0;
  mentionsIn(text, () => ++asked < 0);
  mentionsIn("@".repeat(16_000), () => ++asked < 0);
  mentionsIn("@aaa_".repeat(3_200), () => ++asked < 0);
  assert.ok(asked < 10_000, `${asked} names were looked up`);
});
