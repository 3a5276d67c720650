import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeVarint, encodeVarint } from "./varint.ts";

const hex = (text: string) => Uint8Array.from(text.match(/../g)!, (digits) => parseInt(digits, 16));

Deno.test("decodeVarint() decodes the samples of RFC 9000 A.1", () => {
  assert.equal(decodeVarint(hex("c2197c5eff14e88c"))?.length, 8);
  // 151,288,809,941,952,652 is above 2^53: compared as the nearest number.
  assert.equal(decodeVarint(hex("c2197c5eff14e88c"))?.value, Number(151_288_809_941_952_652n));
  assert.deepEqual(decodeVarint(hex("9d7f3e7d")), { value: 494_878_333, length: 4 });
  assert.deepEqual(decodeVarint(hex("7bbd")), { value: 15_293, length: 2 });
  assert.deepEqual(decodeVarint(hex("25")), { value: 37, length: 1 });
  assert.deepEqual(decodeVarint(hex("4025")), { value: 37, length: 2 });
});

Deno.test("decodeVarint() gives undefined when the bytes end inside the integer", () => {
  assert.equal(decodeVarint(new Uint8Array()), undefined);
  assert.equal(decodeVarint(hex("9d7f3e")), undefined);
});

Deno.test("decodeVarint() inverts encodeVarint(), which uses the fewest bytes", () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (value) => {
      const encoded = encodeVarint(value);
      assert.deepEqual(decodeVarint(encoded), { value, length: encoded.length });
      assert.equal(encoded.length, value < 64 ? 1 : value < 16_384 ? 2 : value < 2 ** 30 ? 4 : 8);
    }),
    { seed: 1 },
  );
  assert.throws(() => encodeVarint(-1), RangeError);
  assert.throws(() => encodeVarint(2 ** 53), RangeError);
});
