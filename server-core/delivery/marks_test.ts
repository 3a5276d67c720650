import assert from "node:assert/strict";
import { Marks } from "./marks.ts";

const bytes = (fill: number) => new Uint8Array(16).fill(fill);
const opening = (mark: number, before: number[] = []) => ({
  run: bytes(0),
  mark: bytes(mark),
  before: before.map(bytes),
});

Deno.test("PEOPLE B3: Marks forgets the devices that connected longest ago, and takes them for new ones then", () => {
  const marks = new Marks(2);
  for (const device of ["a", "b"]) assert.equal(marks.take(device, opening(1)), false);
  assert.equal(marks.take("a", opening(2, [1])), false);
  assert.equal(marks.take("c", opening(1)), false);
  assert.equal(marks.take("b", opening(9, [8])), false, "forgotten");
  assert.equal(marks.take("c", opening(9, [8])), true, "remembered");
});

Deno.test("PEOPLE B3: Marks tells a device that is away of its copy once, at the next connection", () => {
  const marks = new Marks();
  marks.take("a", opening(1));
  marks.oweCopied("a");
  assert.equal(marks.take("a", opening(2, [1])), true);
  assert.equal(marks.take("a", opening(3, [2])), false);
});
