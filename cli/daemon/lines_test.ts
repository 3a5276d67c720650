import assert from "node:assert/strict";
import { linesOf } from "./lines.ts";

const encoder = new TextEncoder();

async function split(pieces: string[], maxBytes: number): Promise<(string | undefined)[]> {
  const found: (string | undefined)[] = [];
  async function* stream() {
    for (const piece of pieces) yield encoder.encode(piece);
  }
  for await (const line of linesOf(stream(), maxBytes)) found.push(line && new TextDecoder().decode(line));
  return found;
}

Deno.test("linesOf() finds lines wherever the stream is cut, and a last one without an end", async () => {
  const text = "one\ntwö\n\nthree";
  for (let at = 1; at < text.length; at++) {
    const lines = await split([text.slice(0, at), text.slice(at)], 100);
    assert.deepEqual(lines.map((line) => line ?? ""), ["one", "twö", "", "three"]);
  }
});

Deno.test("linesOf() says once that a line is too long, keeps nothing of it, and goes on after it", async () => {
  assert.deepEqual(await split(["1234\n12345\n12\n"], 4), ["1234", undefined, "12"]);
  assert.deepEqual(await split(["123", "45", "67", "89\nok\n123456"], 4), [undefined, "ok", undefined]);
  assert.deepEqual(await split(["1234", "\n", "1", "2345"], 4), ["1234", undefined]);
});
