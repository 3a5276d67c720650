import assert from "node:assert/strict";
import { concat, utf8 } from "../../schema/bytes.ts";
import { somePicture } from "../testing/pictures.ts";
import { pictureSize } from "./picture_file.ts";

const u16 = (value: number) => Uint8Array.of(value >> 8, value & 0xff);

/** A JPEG's head: start, a segment of the application, and a frame of that size (ITU-T T.81, Annex B). */
function jpeg(width: number, height: number, marker = 0xc0): Uint8Array {
  const application = concat(Uint8Array.of(0xff, 0xd8, 0xff, 0xe0), u16(6), new Uint8Array(4));
  return concat(
    application,
    Uint8Array.of(0xff, marker),
    u16(17),
    Uint8Array.of(8),
    u16(height),
    u16(width),
    new Uint8Array(10),
  );
}

function webp(kind: string, head: number[]): Uint8Array {
  return concat(
    utf8("RIFF"),
    new Uint8Array(4),
    utf8(`WEBP${kind}`),
    new Uint8Array(4),
    Uint8Array.from(head),
    new Uint8Array(20),
  );
}

Deno.test("CONVERSATIONS: a picture's size is read of the head of a JPEG and of all still kinds of WebP", () => {
  assert.deepEqual(pictureSize(jpeg(512, 300)), { width: 512, height: 300 });
  assert.deepEqual(pictureSize(jpeg(512, 300, 0xc2)), { width: 512, height: 300 });
  assert.deepEqual(pictureSize(somePicture(3_000, 512, 300)), { width: 512, height: 300 });
  assert.deepEqual(pictureSize(webp("VP8L", [0x2f, 0xff, 0xc1, 0x7f, 0])), { width: 512, height: 512 });
  assert.deepEqual(pictureSize(webp("VP8X", [0, 0, 0, 0, 0xff, 1, 0, 0x2b, 1, 0])), { width: 512, height: 300 });
});

Deno.test("CONVERSATIONS: a picture that is too large, moves, or is none is refused by its head", () => {
  const bad = [
    jpeg(1_025, 512),
    jpeg(512, 1_025),
    jpeg(0, 512),
    jpeg(65_535, 65_535),
    jpeg(512, 512, 0xc4),
    jpeg(512, 512).subarray(0, 12),
    somePicture(3_000, 16_383),
    somePicture(200_001),
    webp("VP8X", [2, 0, 0, 0, 0xff, 1, 0, 0xff, 1, 0]),
    webp("VP8X", [0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 0]),
    webp("ANIM", []),
    utf8("<svg xmlns='http://www.w3.org/2000/svg' width='1' height='1'/>"),
    new Uint8Array(),
    Uint8Array.of(0xff, 0xd8, 0xff, 0xff, 0xff),
  ];
  for (const [index, bytes] of bad.entries()) assert.equal(pictureSize(bytes), undefined, String(index));
});
