import assert from "node:assert/strict";
import { jpegOf, pngOf, webpOf } from "./testing/pictures.ts";
import { readPictureHeader } from "./picture_header.ts";

const letters = (words: string) => [...words].map((letter) => letter.charCodeAt(0));
const uint16 = (value: number) => [value >> 8, value & 0xff];
const uint32 = (value: number) => [...uint16(value >>> 16), ...uint16(value & 0xffff)];
const little = (value: number) => [value & 0xff, value >> 8];

const sizeOf = (bytes: number[]) => {
  const header = readPictureHeader(Uint8Array.from(bytes));
  return header && [header.width, header.height];
};
const frame = (width: number, height: number) => [0xff, 0xc2, 0, 17, 8, ...uint16(height), ...uint16(width), 3];
const box = (name: string, data: number[]) => [...uint32(8 + data.length), ...letters(name), ...data];
const ispe = (width: number, height: number) => box("ispe", [0, 0, 0, 0, ...uint32(width), ...uint32(height)]);

Deno.test("CONVERSATIONS: a picture's size and way of lying are read from its first bytes", () => {
  const turned = { format: "jpeg", width: 6, height: 4, orientation: 6 };
  assert.deepEqual(readPictureHeader(jpegOf({ orientation: 6 })), turned);
  assert.deepEqual(readPictureHeader(pngOf()), { format: "png", width: 4, height: 6, orientation: 1 });
  assert.deepEqual(readPictureHeader(webpOf()), { format: "webp", width: 4, height: 6, orientation: 1 });
  assert.deepEqual(sizeOf([...letters("GIF89a"), 4, 0, 6, 0, 0, 0, 0]), [4, 6]);
  assert.deepEqual(sizeOf([0xff, 0xd8, 0xff, 0xff, ...frame(12, 34)]), [12, 34], "bytes that fill");
});

Deno.test("CONVERSATIONS: a picture made of tiles has the size of the whole, which stands in one place", () => {
  const meta = box("meta", [...ispe(512, 512), ...ispe(60_000, 50_000)]);
  const avif = [...box("ftyp", letters("avif\0\0\0\0")), ...meta];
  assert.deepEqual(sizeOf(avif), [60_000, 50_000]);
  assert.equal(sizeOf(avif.slice(0, -1)), undefined, "cut");
  const elsewhere = [...box("ftyp", letters("avif\0\0\0\0")), ...ispe(10, 10), ...box("free", Array(400).fill(0))];
  assert.equal(sizeOf(elsewhere), undefined, "a size outside of the box for sizes");
  assert.equal(sizeOf([...elsewhere, 0, 0, 0, 1, ...letters("meta")]), undefined, "a box without an end");
});

Deno.test("CONVERSATIONS: a JPEG with markers that decoders pass over in other ways has no size", () => {
  for (const marker of [0x00, 0x01, 0xd0, 0xd7, 0xd8, 0xd9]) {
    // Read as a length, the next bytes would lead past the frame that a decoder finds.
    const bytes = [0xff, 0xd8, 0xff, marker, ...frame(65_000, 8_000), ...Array(70_000).fill(0xff), ...frame(64, 64)];
    assert.equal(sizeOf(bytes), undefined, `marker ${marker}`);
  }
  assert.equal(sizeOf([0xff, 0xd8, 0xff, 0xe0, 0, 1, ...frame(1, 1)]), undefined, "a segment shorter than its length");
});

Deno.test("CONVERSATIONS: a GIF is as large as its frames, whatever its screen says", () => {
  const screen = [...letters("GIF89a"), 1, 0, 1, 0, 0, 0, 0];
  const frameOf = (
    width: number,
    height: number,
  ) => [0x2c, 5, 0, 0, 0, ...little(width), ...little(height), 0x80, ...Array(6).fill(0), 2, 1, 0, 0];
  const said = [0x21, 0xfe, 2, 0x2c, 0x2c, 0];
  assert.deepEqual(sizeOf([...screen, ...said, ...frameOf(3, 4), ...frameOf(60_000, 65_535), 0x3b]), [60_005, 65_535]);
  assert.deepEqual(sizeOf([...screen, ...frameOf(9, 9).slice(0, 12)]), [14, 9], "cut in its first frame");
});

Deno.test("CONVERSATIONS: what is no picture, or is cut, has no header", () => {
  const jpeg = jpegOf({ orientation: 1 });
  for (const bytes of [new Uint8Array(), new Uint8Array(100), new TextEncoder().encode("<svg/>"), jpeg.slice(0, 60)]) {
    assert.equal(readPictureHeader(bytes), undefined);
  }
});
