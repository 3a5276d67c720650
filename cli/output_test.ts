import assert from "node:assert/strict";
import { printable, printableLines } from "./output.ts";

Deno.test("printable() removes terminal controls, line ends and direction marks from foreign text", () => {
  assert.equal(
    printable("a\u001b[2Jb\u009b2Jc\rd\u202ee\u2066f\u2028g\nh"),
    "a\ufffd[2Jb\ufffd2Jc\ufffdd\ufffde\ufffdf\ufffdg\ufffdh",
  );
  assert.equal(printable("größe 👩‍👩‍👧"), "größe 👩‍👩‍👧");
});

Deno.test("printableLines() indents the lines after the first, so a message can not fake another line", () => {
  const lines = printableLines("hello\ttab\u001b\n2030-01-01T00:00:00.000Z  team  bob: I agree\n").split("\n");
  assert.equal(lines.length, 3);
  assert.equal(lines[0], "hello\ttab\ufffd");
  for (const line of lines.slice(1)) assert.match(line, /^ {4}/);
});
