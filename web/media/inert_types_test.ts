import assert from "node:assert/strict";
import { inertType } from "./inert_types.ts";

const bytes = (...parts: (string | number[])[]) =>
  Uint8Array.from(parts.flatMap((part) => typeof part === "string" ? [...part].map((c) => c.charCodeAt(0)) : part));

const png = bytes([0x89], "PNG\r\n", [0x1a], "\n");
const ftyp = (major: string, ...others: string[]) =>
  bytes([0, 0, 0, 16 + 4 * others.length], "ftyp", major, [0, 0, 0, 0], ...others);

Deno.test("CONVERSATIONS: the format of a picture is read from its bytes", () => {
  assert.equal(inertType("image", bytes([0xff, 0xd8, 0xff, 0xe0])), "image/jpeg");
  assert.equal(inertType("image", png), "image/png");
  assert.equal(inertType("image", bytes("GIF89a")), "image/gif");
  assert.equal(inertType("image", bytes("RIFF", [1, 2, 3, 4], "WEBPVP8 ")), "image/webp");
  assert.equal(inertType("image", ftyp("avif")), "image/avif");
  assert.equal(inertType("image", ftyp("mif1", "miaf", "avif")), "image/avif");
});

Deno.test("CONVERSATIONS: sounds and videos get the type of their container", () => {
  assert.equal(inertType("video", ftyp("isom", "mp41")), "video/mp4");
  assert.equal(inertType("voice", ftyp("M4A ")), "audio/mp4");
  assert.equal(inertType("video", bytes([0x1a, 0x45, 0xdf, 0xa3])), "video/webm");
  assert.equal(inertType("voice", bytes([0x1a, 0x45, 0xdf, 0xa3])), "audio/webm");
  assert.equal(inertType("audio", bytes("OggS")), "audio/ogg");
  assert.equal(inertType("audio", bytes("RIFF", [1, 2, 3, 4], "WAVE")), "audio/wav");
  assert.equal(inertType("audio", bytes("fLaC")), "audio/flac");
  assert.equal(inertType("audio", bytes("ID3")), "audio/mpeg");
  assert.equal(inertType("audio", bytes([0xff, 0xfb])), "audio/mpeg");
  assert.equal(inertType("audio", bytes([0xff, 0xf1])), "audio/aac");
});

Deno.test("CONVERSATIONS: pages, drawings, documents and playlists are not shown, whatever they are called", () => {
  const hostile = ["<!doctype html>", "<svg xmlns=", "%PDF-1.7", "#EXTM3U\nhttps://example.org/", "<?xml ", "{}", ""];
  for (const text of hostile) {
    for (const kind of ["image", "video", "audio", "voice", "file"] as const) {
      assert.equal(inertType(kind, bytes(text)), undefined, `${kind} ${text}`);
    }
  }
  assert.equal(inertType("file", png), undefined, "a file is a file");
  assert.equal(inertType("video", png), undefined, "a picture is no video");
  assert.equal(inertType("image", ftyp("isom")), undefined, "a video is no picture");
  assert.equal(inertType("video", ftyp("avif")), undefined);
  assert.equal(inertType("image", ftyp("heic")), undefined, "not every browser draws it");
  assert.equal(inertType("video", bytes("RIFF", [1, 2, 3, 4], "WAVE")), undefined);
  assert.equal(inertType("image", bytes("RIFF", [1, 2, 3, 4], "WAVE")), undefined);
});

Deno.test("CONVERSATIONS: a header that is cut, or says that it is endless, ends where the bytes end", () => {
  assert.equal(inertType("image", bytes([0, 0], "ft")), undefined);
  assert.equal(inertType("image", bytes([0xff, 0xff, 0xff, 0xff], "ftyp", "mif1", [0, 0, 0, 0], "avi")), undefined);
});
