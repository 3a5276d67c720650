import assert from "node:assert/strict";
import { maxDraftBytes } from "../../client/sync/conversation/drafts.ts";
import { judgeInsertion, maxFieldBytes, maxFieldLines } from "./inserted_text.ts";

const lines = (count: number) => "\n".repeat(count - 1);

Deno.test("PEOPLE B8: what is longer than a draft, or has more lines than the field holds, is not inserted", () => {
  assert.equal(maxFieldBytes, maxDraftBytes, "what the field holds can be kept");
  const kindOf = (rest: string, added: string) => judgeInsertion(rest, added, true).kind;
  assert.equal(kindOf("", "x".repeat(maxFieldBytes)), "by-browser");
  assert.equal(kindOf("y", "x".repeat(maxFieldBytes)), "too-long");
  assert.equal(kindOf("", "é".repeat(maxFieldBytes / 2 + 1)), "too-long");
  assert.equal(kindOf("", lines(maxFieldLines)), "by-browser");
  assert.equal(kindOf("", lines(maxFieldLines + 1)), "too-many-lines");
  assert.equal(kindOf("a\nb", lines(maxFieldLines)), "too-many-lines");
  assert.deepEqual(judgeInsertion("", lines(16_000), true), { kind: "too-many-lines", lines: 16_000 });
  assert.deepEqual(judgeInsertion("", "x".repeat(1e6), true), { kind: "too-long", bytes: 1e6 });
});

Deno.test("PEOPLE B8: many lines that are no paste of the browser are inserted at once", () => {
  assert.equal(judgeInsertion("", lines(50), false).kind, "by-browser");
  assert.equal(judgeInsertion("", lines(51), false).kind, "at-once");
  assert.equal(judgeInsertion("", "a", false).kind, "by-browser");
});
