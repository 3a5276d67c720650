import assert from "node:assert/strict";
import { shownSize } from "./shown_size.ts";
import { thumbhashPixels } from "./thumbhash_pixels.ts";

Deno.test("CONVERSATIONS: a picture gets room of its shape, and one whose size lies gets bounded room", () => {
  assert.deepEqual(shownSize({ width: 1600, height: 1000 }), { width: 340, height: 213 });
  assert.deepEqual(shownSize({ width: 900, height: 1600 }), { width: 228, height: 380 });
  assert.deepEqual(shownSize({}), { width: 280, height: 210 });
  assert.deepEqual(shownSize({ width: Number.NaN, height: 3 }), { width: 280, height: 210 });
  for (const [width, height] of [[1, 65_535], [65_535, 1], [1, 1], [65_535, 65_535], [3, 2]]) {
    const room = shownSize({ width, height });
    assert.ok(
      room.width >= 150 && room.width <= 340 && room.height >= 110 && room.height <= 380,
      `${width} x ${height}`,
    );
  }
});

Deno.test("CONVERSATIONS: a thumbhash is drawn, and bytes that are none are left out", () => {
  const hash = Uint8Array.from(atob("1QcSHQRnh493V4dIh4eXh1h4kJUI"), (letter) => letter.charCodeAt(0));
  const pixels = thumbhashPixels(hash)!;
  assert.ok(pixels.width <= 32 && pixels.height <= 32 && pixels.rgba.length === 4 * pixels.width * pixels.height);
  assert.equal(thumbhashPixels(undefined), undefined);
  assert.equal(thumbhashPixels(new Uint8Array(4)), undefined);
  assert.equal(thumbhashPixels(new Uint8Array(101).fill(1)), undefined);
  assert.equal(thumbhashPixels(new Uint8Array(100)), undefined, "a side of zero");
  for (let seed = 0; seed < 2_000; seed++) {
    const lie = Uint8Array.from({ length: 5 + seed % 96 }, (_, at) => (seed * 31 + at * 1_103_515_245) >>> 7);
    const drawn = thumbhashPixels(lie);
    if (!drawn) continue;
    assert.ok(drawn.width >= 1 && drawn.width <= 32 && drawn.height >= 1 && drawn.height <= 32);
    assert.equal(drawn.rgba.length, 4 * drawn.width * drawn.height);
  }
});
