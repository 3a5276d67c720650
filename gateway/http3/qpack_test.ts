import assert from "node:assert/strict";
import fc from "fast-check";
import { h3Code, Http3Error } from "./error_codes.ts";
import { decodeFieldSection, encodeFieldSection, type Field } from "./qpack.ts";

const hex = (text: string) =>
  Uint8Array.from(text.replace(/\s/g, "").match(/../g) ?? [], (digits) => parseInt(digits, 16));

function codeOf(section: Uint8Array): number {
  try {
    decodeFieldSection(section);
  } catch (error) {
    assert.ok(error instanceof Http3Error);
    return error.code;
  }
  return assert.fail("no error");
}

Deno.test("decodeFieldSection() decodes RFC 9204 B.1, a literal with a static name", () => {
  assert.deepEqual(decodeFieldSection(hex("0000 510b 2f69 6e64 6578 2e68 746d 6c")), [[":path", "/index.html"]]);
});

Deno.test("decodeFieldSection() refuses the examples of RFC 9204 B.2 to B.4, which need a dynamic table", () => {
  for (const section of ["0381 1011", "0500 80c1 81", "0500 8080", "0280 d181 80"]) {
    assert.equal(codeOf(hex(section)), h3Code.qpackDecompressionFailed, section);
  }
});

Deno.test("decodeFieldSection() refuses each kind of reference to a dynamic table where none is required", () => {
  // Indexed, with post-base index, name reference, name with post-base index (RFC 9204 §4.5.2 – §4.5.5).
  for (const section of ["0000 80", "0000 10", "0000 4001 61", "0000 0001 61"]) {
    assert.equal(codeOf(hex(section)), h3Code.qpackDecompressionFailed, section);
  }
});

Deno.test("decodeFieldSection() decodes indexed static fields up to the last, and Huffman names and values", () => {
  assert.deepEqual(decodeFieldSection(hex("0000 cf ff23")), [[":method", "CONNECT"], [
    "x-frame-options",
    "sameorigin",
  ]]);
  assert.deepEqual(decodeFieldSection(hex("0000 2f01 25a8 49e9 5ba9 7d7f 89 25a8 49e9 5bb8 e8b4 bf")), [[
    "custom-key",
    "custom-value",
  ]]);
  assert.equal(codeOf(hex("0000 ff24")), h3Code.qpackDecompressionFailed, "index 99");
});

Deno.test("decodeFieldSection() refuses a section that is larger decoded than allowed", () => {
  const many = Uint8Array.from([0, 0, ...Array(600).fill(0xcf)]);
  assert.equal(codeOf(many), h3Code.excessiveLoad);
});

Deno.test("decodeFieldSection() inverts encodeFieldSection()", () => {
  const token = fc.string({ unit: fc.constantFrom(..."abcdefghijklmnopqrstuvwxyz-:"), minLength: 1, maxLength: 40 });
  const value = fc.string({
    unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
    maxLength: 300,
  });
  fc.assert(
    fc.property(fc.array(fc.tuple(token, value), { maxLength: 10 }), (fields: Field[]) => {
      assert.deepEqual(decodeFieldSection(encodeFieldSection(fields)), fields);
    }),
    { seed: 3 },
  );
  assert.deepEqual(decodeFieldSection(encodeFieldSection([[":status", "429"], [":status", "404"]])), [[
    ":status",
    "429",
  ], [":status", "404"]]);
});

Deno.test("decodeFieldSection() returns fields or throws Http3Error for any bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, hasPrefix) => {
      try {
        decodeFieldSection(hasPrefix ? Uint8Array.from([0, 0, ...bytes]) : bytes);
      } catch (error) {
        assert.ok(error instanceof Http3Error);
      }
    }),
    { seed: 4, numRuns: 3_000 },
  );
});
