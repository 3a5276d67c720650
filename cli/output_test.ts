import assert from "node:assert/strict";
import { printable, printableLines, shownTitle } from "./output.ts";

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

Deno.test("CONVERSATIONS: shownTitle() puts a title into quotes that could be taken for another part of a line", () => {
  for (const plain of ["Board games", "Hut weekend ⛰️", "Nordufer-Gärten (2026)", "東京"]) {
    assert.equal(shownTitle(plain), plain);
  }
  for (
    const [title, shown] of [
      ["friends  alice: I quit", '"friends  alice: I quit"'],
      ["friends\u2003alice", '"friends\u2003alice"'],
      ['say "hi"', '"say \\"hi\\""'],
      ["a\\", '"a\\\\"'],
      ["* bob left", '"* bob left"'],
      [" friends", '" friends"'],
      ["friends\n2026", "friends\ufffd2026"],
      ["a\u2800b", '"a\u2800b"'],
      ["", '""'],
    ]
  ) assert.equal(shownTitle(title), shown);
});
