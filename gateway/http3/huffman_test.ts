import assert from "node:assert/strict";
import fc from "fast-check";
import { Http3Error } from "./error_codes.ts";
import { decodeHuffman } from "./huffman.ts";

const hex = (text: string) =>
  Uint8Array.from(text.replace(/\s/g, "").match(/../g) ?? [], (digits) => parseInt(digits, 16));

Deno.test("decodeHuffman() decodes the strings of RFC 7541 Appendix C", () => {
  const samples = {
    "f1e3 c2e5 f23a 6ba0 ab90 f4ff": "www.example.com",
    "a8eb 1064 9cbf": "no-cache",
    "25a8 49e9 5ba9 7d7f": "custom-key",
    "25a8 49e9 5bb8 e8b4 bf": "custom-value",
    "6402": "302",
    "aec3 771a 4b": "private",
    "d07a be94 1054 d444 a820 0595 040b 8166 e082 a62d 1bff": "Mon, 21 Oct 2013 20:13:21 GMT",
    "9d29 ad17 1863 c78f 0b97 c8e9 ae82 ae43 d3": "https://www.example.com",
    "640e ff": "307",
    "d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff": "Mon, 21 Oct 2013 20:13:22 GMT",
    "9bd9 ab": "gzip",
    "94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07":
      "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
  };
  for (const [encoded, text] of Object.entries(samples)) assert.equal(decodeHuffman(hex(encoded)), text);
});

Deno.test("decodeHuffman() decodes the longest codes, of 30 bits", () => {
  // RFC 7541 Appendix B: 10 = 3ffffffc, 13 = 3ffffffd, 22 = 3ffffffe, each padded with ones.
  assert.equal(decodeHuffman(hex("fffffff3")), "\n");
  assert.equal(decodeHuffman(hex("fffffff7")), "\r");
  assert.equal(decodeHuffman(hex("fffffffb")), "\x16");
});

Deno.test("decodeHuffman() refuses padding that is too long or not of ones, and the end-of-string symbol", () => {
  for (const encoded of ["ff", "f1e3c2e5f23a6ba0ab90f4ffff", "a8eb10649cbe", "fffffffc", "ffffffff"]) {
    assert.throws(() => decodeHuffman(hex(encoded)), Http3Error, encoded);
  }
});

Deno.test("decodeHuffman() returns a string or throws Http3Error for any bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        assert.ok(decodeHuffman(bytes).length <= bytes.length * 8 / 5);
      } catch (error) {
        assert.ok(error instanceof Http3Error);
      }
    }),
    { seed: 2, numRuns: 2_000 },
  );
});
