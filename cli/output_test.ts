import assert from "node:assert/strict";
import { printable } from "./output.ts";

Deno.test("printable() leaves nothing of foreign text that steers a terminal or turns the direction of writing", () => {
  assert.equal(printable("a\u001b[2Jb\u009b2Jc\rd\u202ee\u2066f\u2028g"), "a\ufffd[2Jb\ufffd2Jc\ufffdd\ufffde\ufffdf\ufffdg");
  assert.equal(printable("tab\tand größe 👩‍👩‍👧"), "tab\tand größe 👩‍👩‍👧");
});

Deno.test("printable() sets in what follows a newline, so that a message can not show a line of somebody else", () => {
  const lines = printable("hello\n2030-01-01T00:00:00.000Z  team  bob: I agree\n").split("\n");
  assert.equal(lines.length, 3);
  for (const line of lines.slice(1)) assert.match(line, /^ {4}/);
});
