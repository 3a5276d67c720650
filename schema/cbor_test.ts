import assert from "node:assert/strict";
import { concat } from "./bytes.ts";
import { decodeCbor, encodeCbor, maxCborDepth } from "./cbor.ts";
import { MalformedError } from "./malformed_error.ts";

/** Lists, maps or tags in each other, so many, around an empty one. */
const nested = {
  lists: (depth: number) => new Uint8Array([...new Array<number>(depth - 1).fill(0x81), 0x80]),
  maps: (depth: number) => new Uint8Array([...new Array<number[]>(depth - 1).fill([0xa1, 0x61, 0x61]).flat(), 0xa0]),
  tags: (depth: number) => new Uint8Array([...new Array<number>(depth).fill(0xc1), 0x00]),
};

Deno.test("PEOPLE A8: CBOR that is nested 5,000 deep is refused and not thrown, whatever it is nested in", () => {
  for (const [kind, make] of Object.entries(nested)) {
    // Near the size of the stack it is the encoder that overflows: every depth up to there.
    for (const depth of [maxCborDepth + 2, 1000, 3000, 3500, 4000, 4500, 5000, 100_000]) {
      assert.throws(() => decodeCbor(make(depth)), MalformedError, `${depth} ${kind}`);
    }
  }
  for (const make of [nested.lists, nested.maps]) {
    assert.deepEqual(encodeCbor(decodeCbor(make(maxCborDepth))), make(32));
  }
});

Deno.test("decodeCbor() counts the levels that are open, and no lists beside each other", () => {
  const wide = Array.from({ length: 2000 }, () => [[], [[1, { a: new Uint8Array([0x81, 0x81]) }]], "\u0081"]);
  assert.deepEqual(decodeCbor(encodeCbor(wide)), wide);
  let deepest: unknown = 7;
  for (let depth = 0; depth < maxCborDepth; depth++) deepest = [0, deepest, []];
  assert.throws(() => decodeCbor(encodeCbor([deepest])), /nested too deeply/);
  assert.deepEqual(decodeCbor(encodeCbor((deepest as unknown[])[1])), (deepest as unknown[])[1]);
});

Deno.test("decodeCbor() leaves every other fault to the decoder", () => {
  for (
    const bytes of [[], [0x9f, 0xff], [0x82, 0x01], [0x5b, 255, 255, 255, 255, 255, 255, 255, 255], [0x1c], [0xff]]
  ) {
    assert.throws(() => decodeCbor(new Uint8Array(bytes)), MalformedError, bytes.join());
  }
  assert.throws(() => decodeCbor(concat(encodeCbor(1), encodeCbor(1))), MalformedError);
  assert.throws(() => decodeCbor(new Uint8Array([0x9b, 255, 255, 255, 255, 255, 255, 255, 255])), MalformedError);
});

Deno.test("PEOPLE A8: CBOR that decodes, and can not be encoded again, is refused and not thrown", () => {
  for (const bytes of [[0xa1, 0x61, 0x61, 0xff], [0xa2, 0x61, 0x61, 0xff, 0x61, 0x62, 0x01]]) {
    assert.throws(() => decodeCbor(new Uint8Array(bytes)), MalformedError, bytes.join());
  }
});
