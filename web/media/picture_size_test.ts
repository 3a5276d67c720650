import assert from "node:assert/strict";
import { isDrawable, pictureSize } from "./picture_size.ts";

const text = (letters: string) => [...letters].map((letter) => letter.charCodeAt(0));
const uint16 = (value: number) => [value >> 8, value & 0xff];
const uint32 = (value: number) => [...uint16(value >>> 16), ...uint16(value & 0xffff)];

const png = (width: number, height: number) =>
  Uint8Array.from([
    0x89,
    ...text("PNG\r\n\x1a\n"),
    ...uint32(13),
    ...text("IHDR"),
    ...uint32(width),
    ...uint32(height),
    8,
    2,
  ]);
/** A JPEG with a segment of 70 bytes before its frame. */
const jpeg = (width: number, height: number, fill: number[] = []) =>
  Uint8Array.from([
    ...[0xff, 0xd8, 0xff, 0xe1, ...uint16(70), ...Array(68).fill(0xff)],
    ...[...fill, 0xff, 0xc2, ...uint16(17), 8, ...uint16(height), ...uint16(width), 3],
  ]);
const webp = (chunk: string, ...data: number[]) =>
  Uint8Array.from([...text("RIFF"), 0, 0, 0, 0, ...text("WEBP"), ...text(chunk), 0, 0, 0, 0, ...data]);

Deno.test("CONVERSATIONS: the size of a picture is read from its header", () => {
  assert.deepEqual(pictureSize("image/png", png(640, 480)), { width: 640, height: 480 });
  assert.deepEqual(pictureSize("image/jpeg", jpeg(4000, 3000)), { width: 4000, height: 3000 });
  assert.deepEqual(pictureSize("image/jpeg", jpeg(12, 34, [0xff, 0xff])), { width: 12, height: 34 });
  const gif = Uint8Array.from([...text("GIF89a"), 0x20, 0x03, 0x58, 0x02, 0, 0, 0]);
  assert.deepEqual(pictureSize("image/gif", gif), { width: 800, height: 600 });
  const lossy = webp("VP8 ", 0, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0xe0, 0x01);
  assert.deepEqual(pictureSize("image/webp", lossy), { width: 640, height: 480 });
  const extended = webp("VP8X", 0, 0, 0, 0, 0x7f, 0x02, 0x00, 0xdf, 0x01, 0x00);
  assert.deepEqual(pictureSize("image/webp", extended), { width: 640, height: 480 });
  const bits = 639 | (479 << 14);
  const lossless = webp("VP8L", 0x2f, bits & 0xff, bits >> 8 & 0xff, bits >> 16 & 0xff, bits >> 24 & 0xff);
  assert.deepEqual(pictureSize("image/webp", lossless), { width: 640, height: 480 });
  assert.equal(pictureSize("image/png", gif), undefined, "another format than its type");
});

Deno.test("CONVERSATIONS: a picture that would fill the memory is not drawn, nor one that hides its size", () => {
  assert.ok(isDrawable("image/png", png(8000, 8000)));
  assert.ok(!isDrawable("image/png", png(65_535, 65_535)));
  assert.ok(!isDrawable("image/png", png(0, 5)));
  assert.ok(!isDrawable("image/jpeg", jpeg(65_535, 65_535)));
  assert.ok(!isDrawable("image/jpeg", jpeg(10, 10).subarray(0, 60)), "cut before its frame");
  assert.ok(!isDrawable("image/jpeg", Uint8Array.from([0xff, 0xd8, 0xff, 0xda, 0, 2])), "data before a size");
  assert.ok(!isDrawable("image/avif", new Uint8Array(300_000)));
  assert.ok(!isDrawable("image/webp", webp("VP8Z", ...Array(20).fill(0))));
  assert.ok(!isDrawable("text/html", png(1, 1)), "a type that is not shown");
});
