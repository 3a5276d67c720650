import assert from "node:assert/strict";
import { lookAt } from "./prepare.ts";
import { asFile, named, opaqueType, preparePicture } from "./prepare_picture.ts";
import { maxPicturePixels } from "../../../client/content/picture_header.ts";
import { maxPictureBytes } from "../../../client/content/strip_metadata.ts";
import { jpegOf, pngOf, secret } from "../../../client/content/testing/pictures.ts";
import { isDecodable } from "./picture_work.ts";

Deno.test("CONVERSATIONS: a picture gets the ending of what it has become", () => {
  assert.equal(named("IMG_1.HEIC", "image/jpeg"), "IMG_1.jpg");
  assert.equal(named("a.JPEG", "image/jpeg"), "a.JPEG");
  assert.equal(named("a.png", "image/webp"), "a.webp");
  assert.equal(named("Holiday in St. Gallen", "image/jpeg"), "Holiday in St. Gallen.jpg");
});

Deno.test("CONVERSATIONS: a picture beyond 64 megapixels or 100 MiB is not decoded", () => {
  assert.equal(isDecodable({ width: 8_000, height: 8_000 }, 1), true);
  assert.equal(isDecodable({ width: 8_000, height: 8_001 }, 1), false);
  assert.equal(isDecodable({ width: 1, height: 1 }, maxPictureBytes + 1), false);
  assert.equal(maxPicturePixels, 64_000_000);
});

Deno.test("CONVERSATIONS: a decompression bomb goes as a file that nobody draws, without its metadata", async () => {
  const bomb = pngOf();
  new DataView(bomb.buffer).setUint32(16, 65_000);
  new DataView(bomb.buffer).setUint32(20, 65_000);
  const sent = await preparePicture(new File([bomb], "bomb.png", { type: "image/png" }), false, false);
  assert.equal(sent.type, opaqueType);
  assert.equal(sent.width, undefined);
  const left = await new Response(sent.source.stream()).text();
  assert.ok(!left.includes(secret));
});

Deno.test("CONVERSATIONS: what a browser can not decode goes as a file, whatever it is called", async () => {
  // There is no picture in it, and nothing here decodes any.
  const sent = await preparePicture(
    new File([jpegOf({ orientation: 6 })], "a.jpg", { type: "image/jpeg" }),
    false,
    false,
  );
  assert.equal(sent.type, opaqueType);
  const words = await preparePicture(new File(["no picture"], "a.jpg", { type: "image/jpeg" }), false, false);
  assert.deepEqual([words.type, words.source.size], [opaqueType, 10]);
  assert.equal(asFile(new File(["<svg/>"], "a.svg", { type: "image/svg+xml" })).type, "image/svg+xml");
});

Deno.test("CONVERSATIONS: a picture that was shown never goes with what it says of place and camera", async () => {
  const box = (name: string, data: number[]) => [0, 0, 0, 8 + data.length, ...new TextEncoder().encode(name), ...data];
  const ispe = box("ispe", [0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 8]);
  const heic = Uint8Array.from([
    ...box("ftyp", [...new TextEncoder().encode("heic"), 0, 0, 0, 0]),
    ...box("meta", ispe),
  ]);
  // Nothing here decodes it, and its metadata can not be taken out.
  await assert.rejects(preparePicture(new File([heic], "IMG_1"), true, true), /IMG_1/);
  assert.equal((await preparePicture(new File([heic], "IMG_1"), true, false)).source.size, heic.length);
  const { mayTellPlace, kind } = await lookAt(new File([heic], "IMG_1"));
  assert.deepEqual([kind, mayTellPlace], ["file", true], "by its bytes, without a type");
  assert.equal((await lookAt(new File(["raw"], "DSC_1.NEF"))).mayTellPlace, true);
  assert.equal((await lookAt(new File(["words"], "notes.txt"))).mayTellPlace, undefined);
});
