import assert from "node:assert/strict";
import { isTurned, orientationOf, orientationSegment } from "./exif_orientation.ts";
import { readPictureHeader } from "./picture_header.ts";
import { withoutMetadata } from "./strip_metadata.ts";
import { jpegOf, pngOf, secret, tiffWithPlace, webpOf } from "./testing/pictures.ts";

const text = async (blob: Blob | undefined) => new TextDecoder("latin1").decode(await blob!.arrayBuffer());

Deno.test("CONVERSATIONS: nothing of where a picture was taken is left in a JPEG, PNG or WebP", async () => {
  const turned = jpegOf({ orientation: 6 });
  const pictures = [["jpeg", turned, 6], ["png", pngOf(), 1], ["webp", webpOf(), 1]] as const;
  for (const [format, bytes, orientation] of pictures) {
    assert.ok(new TextDecoder("latin1").decode(bytes).includes(secret), `${format} has a place`);
    const stripped = withoutMetadata(bytes, format, orientation);
    const left = await text(stripped);
    assert.ok(!left.includes(secret), `${format} has no place left`);
    assert.ok(left.includes("picture"), `${format} keeps its pixels`);
    assert.equal(stripped!.type, `image/${format}`);
    const header = readPictureHeader(new Uint8Array(await stripped!.arrayBuffer()));
    assert.deepEqual(header, readPictureHeader(bytes), `${format} lies as before`);
  }
});

Deno.test("CONVERSATIONS: a JPEG keeps its colours, all of its scans, and nothing behind its end", async () => {
  const left = await text(withoutMetadata(jpegOf({ orientation: 1, scans: 2 }), "jpeg", 1));
  assert.ok(left.includes("ICC_PROFILE"));
  assert.ok(left.includes("Adobe"));
  assert.ok(!left.includes("Exif"));
  assert.equal(left.split("picture").length - 1, 2);
  assert.ok(left.endsWith("\xff\xd9"));
});

Deno.test("CONVERSATIONS: a WebP says no more that it has metadata, and has its right length", async () => {
  const stripped = new Uint8Array(await withoutMetadata(webpOf(), "webp", 1)!.arrayBuffer());
  assert.equal(stripped[20] & 0x0c, 0);
  assert.equal(new DataView(stripped.buffer).getUint32(4, true), stripped.length - 8);
});

Deno.test("CONVERSATIONS: a PNG or WebP that is turned by its metadata is to be drawn anew", () => {
  assert.equal(withoutMetadata(pngOf(6), "png", 1), undefined);
  assert.equal(withoutMetadata(webpOf(6), "webp", 1), undefined);
});

Deno.test("CONVERSATIONS: a picture that is cut or built wrongly is not stripped, wherever it is cut", () => {
  for (const [format, bytes] of [["jpeg", jpegOf({ orientation: 1, trailer: false })], ["png", pngOf()]] as const) {
    const behind = format === "png" ? secret.length : 0;
    for (let length = 12; length < bytes.length - behind - 1; length++) {
      assert.equal(withoutMetadata(bytes.slice(0, length), format, 1), undefined, `${format} cut at ${length}`);
    }
  }
  const wrong = jpegOf({ orientation: 1 });
  wrong[2] = 0x12;
  assert.equal(withoutMetadata(wrong, "jpeg", 1), undefined);
});

Deno.test("CONVERSATIONS: orientations that can not be are none", () => {
  assert.equal(orientationOf(tiffWithPlace(6)), 6);
  assert.equal(orientationOf(tiffWithPlace(9)), 1);
  assert.equal(orientationOf(new Uint8Array(20)), 1);
  assert.equal(orientationOf(tiffWithPlace(6).slice(0, 12)), 1);
  assert.equal(orientationOf(orientationSegment(8).slice(10)), 8);
  assert.deepEqual([1, 4, 5, 8].map(isTurned), [false, false, true, true]);
});

Deno.test("CONVERSATIONS: a GIF keeps its frames and its rounds, and nothing that is said of it", async () => {
  const letters = (words: string) => [...words].map((letter) => letter.charCodeAt(0));
  const block = (words: string) => [words.length, ...letters(words)];
  const frame = [0x2c, 0, 0, 0, 0, 4, 0, 6, 0, 0x80, 1, 2, 3, 4, 5, 6, 2, ...block("picture"), 0];
  const rounds = [0x21, 0xff, ...block("NETSCAPE2.0"), 3, 1, 0, 0, 0];
  const start = [...letters("GIF89a"), 4, 0, 6, 0, 0, 0, 0];
  const said = [0x21, 0xfe, ...block(secret), 0, 0x21, 0xff, ...block("XMP DataXMP"), ...block(secret), 0];
  const gif = Uint8Array.from([...start, ...said, ...rounds, 0x21, 0xf9, 4, 0, 0, 0, 0, 0, ...frame, 0x3b]);
  const behind = Uint8Array.from([...gif, ...letters(secret)]);
  const stripped = withoutMetadata(behind, "gif", 1);
  const kept = [...start, ...rounds, 0x21, 0xf9, 4, 0, 0, 0, 0, 0, ...frame, 0x3b];
  assert.deepEqual([...new Uint8Array(await stripped!.arrayBuffer())], kept);
  assert.equal(withoutMetadata(gif.slice(0, -1), "gif", 1), undefined, "cut");
  assert.equal(withoutMetadata(Uint8Array.from([...start, 7]), "gif", 1), undefined, "no block");
});
