/**
 * Takes the metadata out of a picture and leaves its pixels as they are. What is kept is listed, so that a kind of
 * metadata that nobody here has heard of goes as well: where it was taken, by what and whom, small pictures, what is
 * hung on behind the end. Colour profiles stay: without them the picture looks different. Pure.
 */

import type { PictureFormat } from "./picture_header.ts";
import { type Orientation, orientationOf, orientationSegment } from "./exif_orientation.ts";

/** Bytes of a picture's file that is read as a whole. */
export const maxPictureBytes = 100 * 1024 * 1024;

const textAt = (bytes: Uint8Array, at: number, length: number) =>
  String.fromCharCode(...bytes.subarray(at, at + length));

/**
 * @param orientation of a JPEG: it is written anew, alone
 * @returns undefined where the file is not built as it should be, or only drawing it anew keeps its look
 */
export function withoutMetadata(
  bytes: Uint8Array<ArrayBuffer>,
  format: StrippedFormat,
  orientation: Orientation,
): Blob | undefined {
  const parts = format === "jpeg" ? jpegParts(bytes, orientation) : partsOf[format](bytes);
  return parts && new Blob(parts, { type: `image/${format}` });
}

/** @returns whether metadata can be taken out of a format */
export function isStripped(format: PictureFormat): format is StrippedFormat {
  return format === "jpeg" || format in partsOf;
}

const partsOf = { png: pngParts, webp: webpParts, gif: gifParts };
type StrippedFormat = "jpeg" | keyof typeof partsOf;

type Parts = Uint8Array<ArrayBuffer>[];

/** ITU-T T.81 §B.1.1.3. */
function jpegParts(bytes: Uint8Array<ArrayBuffer>, orientation: Orientation): Parts | undefined {
  const parts: Parts = [bytes.subarray(0, 2)];
  if (orientation !== 1) parts.push(orientationSegment(orientation));
  for (let at = 2;;) {
    if (bytes[at] !== 0xff) return undefined;
    while (bytes[at + 1] === 0xff) at++;
    const marker = bytes[at + 1];
    if (marker === 0xd9) {
      // What comes behind the end is no part of the picture: films of telephones, second pictures.
      parts.push(bytes.subarray(at, at + 2));
      return parts;
    }
    const length = (bytes[at + 2] << 8) | bytes[at + 3];
    let end = at + 2 + length;
    if (!(length >= 2) || end > bytes.length) return undefined;
    if (marker === 0xda) end = endOfScan(bytes, end);
    const judged = judgeSegment(marker, bytes, at + 4, length - 2);
    if (judged === "unknown") return undefined;
    if (judged === "keep") parts.push(bytes.subarray(at, end));
    at = end;
  }
}

function judgeSegment(marker: number, bytes: Uint8Array, at: number, length: number): "keep" | "drop" | "unknown" {
  if (marker === 0xe2) return textAt(bytes, at, 12) === "ICC_PROFILE\0" ? "keep" : "drop";
  // Says how the colours are coded; it has a fixed length.
  if (marker === 0xee) return textAt(bytes, at, 5) === "Adobe" && length === 12 ? "keep" : "drop";
  if (marker >= 0xe0 && marker <= 0xef || marker === 0xfe) return "drop";
  const isPicture = marker >= 0xc0 && marker <= 0xcf || marker >= 0xda && marker <= 0xdd;
  return isPicture ? "keep" : "unknown";
}

/** @returns where the next marker stands that ends the coded data */
function endOfScan(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(0xff, from); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const next = bytes[at + 1];
    const isData = next === 0 || next === 0xff || next >= 0xd0 && next <= 0xd7;
    if (!isData) return at;
  }
  return bytes.length;
}

/** PNG, third edition, §11.2 and §11.3: the picture, its colours, its animation. */
const pngChunks = new Set(
  "IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP sBIT cICP mDCV cLLI bKGD hIST pHYs acTL fcTL fdAT".split(" "),
);

function pngParts(bytes: Uint8Array<ArrayBuffer>): Parts | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const parts: Parts = [bytes.subarray(0, 8)];
  for (let at = 8; at + 12 <= bytes.length;) {
    const name = textAt(bytes, at + 4, 4);
    const length = view.getUint32(at);
    const end = at + 12 + length;
    if (end > bytes.length || !/^[A-Za-z]{4}$/.test(name)) return undefined;
    if (name === "eXIf" && orientationOf(bytes.subarray(at + 8, end - 4)) !== 1) return undefined;
    // A capital letter: without this chunk the picture can not be read.
    const isNeeded = /^[A-Z]/.test(name);
    if (pngChunks.has(name)) parts.push(bytes.subarray(at, end));
    else if (isNeeded) return undefined;
    if (name === "IEND") return parts;
    at = end;
  }
  return undefined;
}

/** RFC 9649 §2.7. */
const webpChunks = new Set(["VP8 ", "VP8L", "VP8X", "ALPH", "ANIM", "ANMF", "ICCP"]);
/** Bits of VP8X that say there is EXIF, or XMP. */
const webpMetadata = 0x0c;

function webpParts(bytes: Uint8Array<ArrayBuffer>): Parts | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const stated = 8 + view.getUint32(4, true);
  if (stated > bytes.length) return undefined;
  const parts: Parts = [];
  for (let at = 12; at + 8 <= stated;) {
    const name = textAt(bytes, at, 4);
    const length = view.getUint32(at + 4, true);
    const end = at + 8 + length + length % 2;
    if (at + 8 + length > stated) return undefined;
    if (name === "EXIF" && orientationOf(bytes.subarray(at + 8, at + 8 + length)) !== 1) return undefined;
    if (webpChunks.has(name)) {
      parts.push(name === "VP8X" ? withoutFlags(bytes.slice(at, end)) : bytes.subarray(at, end));
    }
    at = end;
  }
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  if (length === 0) return undefined;
  const head = bytes.slice(0, 12);
  new DataView(head.buffer).setUint32(4, 4 + length, true);
  return [head, ...parts];
}

function withoutFlags(chunk: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  chunk[8] &= ~webpMetadata;
  return chunk;
}

/** What says how often an animation is shown (the application extensions of Netscape and of Animexts). */
const gifApplications = new Set(["NETSCAPE2.0", "ANIMEXTS1.0"]);

/** GIF89a §18 to §27: screen, tables, frames with what controls them, and the number of rounds. */
function gifParts(bytes: Uint8Array<ArrayBuffer>): Parts | undefined {
  const tableBytes = (flags: number) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  /** @returns where the blocks end that begin at a place; -1 where they do not */
  const endOfBlocks = (from: number) => {
    let at = from;
    while (at < bytes.length && bytes[at] !== 0) at += 1 + bytes[at];
    return at < bytes.length ? at + 1 : -1;
  };
  let at = 13 + tableBytes(bytes[10]);
  const parts: Parts = [bytes.subarray(0, at)];
  while (at < bytes.length && bytes[at] !== 0x3b) {
    const [kind, label] = [bytes[at], bytes[at + 1]];
    if (kind !== 0x2c && kind !== 0x21) return undefined;
    const end = endOfBlocks(kind === 0x2c ? at + 11 + tableBytes(bytes[at + 9]) : at + 2);
    if (end < 0) return undefined;
    const isKept = kind === 0x2c || label === 0xf9 ||
      (label === 0xff && bytes[at + 2] === 11 && gifApplications.has(textAt(bytes, at + 3, 11)));
    if (isKept) parts.push(bytes.subarray(at, end));
    at = end;
  }
  return at < bytes.length ? [...parts, Uint8Array.of(0x3b)] : undefined;
}
