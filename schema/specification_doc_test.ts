/** docs/specification.md agrees with the tables beside it: rules, and what the code does not do yet. */

import assert from "node:assert/strict";
import { readPage } from "./testing/doc_page.ts";

const specification = readPage("docs/specification.md");

/** Each numbered section with its text. */
const sections = specification.split(/^(?=#{2,3} \d)/m).slice(1).map((text) => ({
  number: /^#+ ([\d.]*\d)/.exec(text)![1],
  text,
}));

const notYet = /not\s+yet\s+\([A-Z]+\)/i;

Deno.test("every rule of the specification has a row in docs/protocol.md, marked alike", () => {
  const rules = [...specification.matchAll(/^\| (GRP-\d\.\d) \|.*$/gm)].map(([row, rule]) => ({ row, rule }));
  assert.ok(rules.length >= 35, `${rules.length} rules found`);
  const rows = new Map(
    [...readPage("docs/protocol.md").matchAll(/^\| (GRP-\d\.\d) \|.*$/gm)].map(([row, rule]) => [rule, row]),
  );
  assert.deepEqual([...rows.keys()].sort(), rules.map(({ rule }) => rule).sort());
  assert.deepEqual(rules.filter(({ row, rule }) => notYet.test(row) !== notYet.test(rows.get(rule)!)), []);
});

Deno.test("what is not true yet has a row in docs/known-limits.md", () => {
  const limits = readPage("docs/known-limits.md");
  const missing = sections.filter(({ text }) => notYet.test(text)).flatMap(({ number, text }) => {
    const rules = [...text.matchAll(/^\| (GRP-\d\.\d) \|.*$/gm)].filter(([row]) => notYet.test(row));
    const named = rules.length > 0 ? rules.map(([, rule]) => rule) : [`specification §${number}`];
    return named.filter((name) => !limits.includes(name));
  });
  // There may be no such rule: the mark is tried on a sentence.
  assert.ok(notYet.test("**Not yet (SCALE)**: a rule of its own."));
  assert.deepEqual(missing, []);
});

Deno.test("CONVERSATIONS: the sections of the specification stand in the order of their numbers", () => {
  const places = sections.map(({ number }) => number.split(".").map((part) => part.padStart(3, "0")).join("."));
  assert.ok(places.length > 60, `${places.length} sections found`);
  assert.deepEqual(places, places.toSorted());
});
