import assert from "node:assert/strict";
import { pad, padmeLength, unpad } from "./padding.ts";

Deno.test("padmeLength() is at least 256 bytes, adds at most 12 %, and rises with its input", () => {
  assert.deepEqual([0, 1, 256, 257, 1000, 4097].map(padmeLength), [256, 256, 256, 272, 1024, 4352]);
  let before = 0;
  for (let length = 0; length < 100_000; length += 7) {
    const padded = padmeLength(length);
    assert.ok(padded >= length && padded >= before && (length <= 256 || padded <= length * 1.12));
    assert.equal(padmeLength(padded), padded);
    before = padded;
  }
});

Deno.test("unpad() inverts pad(), and throws on every other form", () => {
  for (const length of [0, 1, 252, 253, 5000]) {
    const content = new Uint8Array(length).fill(7);
    assert.deepEqual(unpad(pad(content)), content);
  }
  const padded = pad(new Uint8Array([1, 2, 3]));
  assert.throws(() => unpad(padded.subarray(1)), { name: "MalformedError" });
  assert.throws(() => unpad(new Uint8Array(3)), { name: "MalformedError" });
  assert.throws(() => unpad(padded.map((byte, index) => index === 200 ? 1 : byte)), { name: "MalformedError" });
  assert.throws(() => unpad(padded.map((byte, index) => index === 0 ? 255 : byte)), { name: "MalformedError" });
});
