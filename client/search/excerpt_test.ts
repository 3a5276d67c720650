/** The excerpt of a hit. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { excerptOf, maxExcerpt } from "./excerpt.ts";
import { matchOf, parseQuery } from "./query.ts";

Deno.test("CONVERSATIONS: a short message is its own excerpt, in one line", () => {
  assert.deepEqual(excerptOf("one\ntwo", [[4, 7]]), { text: "one two", ranges: [[4, 7]] });
});

Deno.test("CONVERSATIONS: of a long message, the surroundings of the first match are shown", () => {
  const text = `${"before ".repeat(100)}the needle${" behind".repeat(100)}`;
  const { text: excerpt, ranges } = excerptOf(text, matchOf(parseQuery("needle"), text, "")!);
  assert.deepEqual(ranges.map(([start, end]) => excerpt.slice(start, end)), ["needle"]);
  assert.match(excerpt, /^…before .* the needle behind .*…$/);
  assert.ok(excerpt.length <= maxExcerpt + 2);
});

Deno.test("CONVERSATIONS: an excerpt is never longer than its bound, and its matches lie in it", () => {
  const texts = fc.string({ unit: "binary", maxLength: 600 });
  fc.assert(fc.property(texts, texts, (before, behind) => {
    const text = `${before} needle 👍${behind}`;
    const ranges = matchOf(parseQuery("needle"), text, "");
    if (!ranges) return;
    const excerpt = excerptOf(text, ranges);
    assert.ok(excerpt.text.length <= maxExcerpt + 3);
    assert.ok(excerpt.ranges.length > 0);
    for (const [start, end] of excerpt.ranges) assert.ok(0 <= start && start < end && end <= excerpt.text.length);
    assert.equal(excerpt.text.slice(...excerpt.ranges[0]).toLowerCase(), "needle");
    if (text.isWellFormed()) assert.ok(excerpt.text.isWellFormed());
  }));
});
