/**
 * What a picture's first bytes say of it, read before anything decodes it: its format and its size, so that a file of a
 * few kB does not fill the memory as a picture of gigabytes. What a decoder might read in another way is refused. Pure.
 */

import { isTurned, type Orientation, orientationOf } from "./exif_orientation.ts";

export type PictureFormat = "jpeg" | "png" | "webp" | "gif" | "avif" | "heic";

/** In pixels. */
export interface PictureSize {
  width: number;
  height: number;
}

/** Its size is as the picture is shown: turned. */
export interface PictureHeader extends PictureSize {
  format: PictureFormat;
  /** Of a JPEG; the other formats are not asked here. */
  orientation: Orientation;
  /** Of a WebP: it moves. */
  moves?: true;
}

/** So many bytes of a file are enough: metadata stands before the size in a JPEG, colour profiles too. */
export const headBytes = 1024 * 1024;

/** Pixels of the largest picture that is decoded, sent or received: 256 MB in memory. */
export const maxPicturePixels = 64_000_000;

type Found = Omit<PictureHeader, "format">;

const textAt = (bytes: Uint8Array, at: number, length: number) =>
  String.fromCharCode(...bytes.subarray(at, at + length));
const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
const plain = (width: number, height: number): Found => ({ width, height, orientation: 1 });

/**
 * @param head a file's first {@link headBytes}, or all of it: the frames of a GIF are judged as far as they are there
 * @returns undefined where it is none of the formats, or its size is not found where the format has it
 */
export function readPictureHeader(head: Uint8Array): PictureHeader | undefined {
  const format = formatOf(head);
  if (!format) return undefined;
  try {
    const found = readers[format](head);
    return found && found.width > 0 && found.height > 0 ? { format, ...found } : undefined;
  } catch (error) {
    // It ends before its size was said.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function formatOf(head: Uint8Array): PictureFormat | undefined {
  if (head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff) return "jpeg";
  if (textAt(head, 0, 8) === "\x89PNG\r\n\x1a\n") return "png";
  if (textAt(head, 0, 4) === "RIFF" && textAt(head, 8, 4) === "WEBP") return "webp";
  if (/^GIF8[79]a$/.test(textAt(head, 0, 6))) return "gif";
  if (textAt(head, 4, 4) !== "ftyp") return undefined;
  const brand = textAt(head, 8, 4);
  return /^avi[fs]$/.test(brand) ? "avif" : /^(hei[cxms]|hev[cx]|mif1|msf1)$/.test(brand) ? "heic" : undefined;
}

const readers: Record<PictureFormat, (head: Uint8Array) => Found | undefined> = {
  jpeg: jpegSize,
  png(head) {
    const view = viewOf(head);
    return textAt(head, 12, 4) === "IHDR" ? plain(view.getUint32(16), view.getUint32(20)) : undefined;
  },
  webp: webpSize,
  gif: gifSize,
  avif: heifSize,
  heic: heifSize,
};

/** ITU-T T.81 §B.2.2: the frame header, after segments that say how long they are. */
function jpegSize(head: Uint8Array): Found | undefined {
  const view = viewOf(head);
  let orientation = 1;
  for (let at = 2;;) {
    if (view.getUint8(at) !== 0xff) return undefined;
    const marker = view.getUint8(at + 1);
    // Any number of 0xff may stand before a marker.
    if (marker === 0xff) {
      at++;
      continue;
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) {
      const [height, width] = [view.getUint16(at + 5), view.getUint16(at + 7)];
      return isTurned(orientation) ? { width: height, height: width, orientation } : { width, height, orientation };
    }
    // TEM, RST, SOI and EOI have no length: a decoder goes on behind the marker, and would find another frame than one
    // that takes the next bytes for a length. A scan before any frame has no size.
    const hasNoLength = marker === 0x01 || marker === 0x00 || (marker >= 0xd0 && marker <= 0xd9);
    const length = view.getUint16(at + 2);
    if (hasNoLength || marker === 0xda || length < 2) return undefined;
    if (marker === 0xe1 && textAt(head, at + 4, 6) === "Exif\0\0") {
      orientation = orientationOf(head.subarray(at + 10, at + 2 + length));
    }
    at += 2 + length;
  }
}

/** RFC 9649 §2.5–2.7. Parts of an extended one are within its canvas, or it is no WebP. */
function webpSize(head: Uint8Array): Found | undefined {
  const view = viewOf(head);
  const uint24 = (at: number) => view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
  switch (textAt(head, 12, 4)) {
    case "VP8X": {
      const size = plain(uint24(24) + 1, uint24(27) + 1);
      return (head[20] & 0x02) === 0 ? size : { ...size, moves: true };
    }
    case "VP8 ":
      return plain(view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff);
    case "VP8L": {
      const bits = view.getUint32(21, true);
      return plain((bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1);
    }
    default:
      return undefined;
  }
}

/** The screen (GIF89a §18), or what the frames take beyond it: a browser makes the screen as large as the first one. */
function gifSize(head: Uint8Array): Found {
  const view = viewOf(head);
  let [width, height] = [view.getUint16(6, true), view.getUint16(8, true)];
  const tableBytes = (flags: number) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  try {
    for (let at = 13 + tableBytes(view.getUint8(10)); view.getUint8(at) !== 0x3b;) {
      if (view.getUint8(at) === 0x2c) {
        width = Math.max(width, view.getUint16(at + 1, true) + view.getUint16(at + 5, true));
        height = Math.max(height, view.getUint16(at + 3, true) + view.getUint16(at + 7, true));
        at += 11 + tableBytes(view.getUint8(at + 9));
      } else if (view.getUint8(at) === 0x21) at += 2;
      else break;
      for (; view.getUint8(at) !== 0; at += 1 + view.getUint8(at));
      at++;
    }
  } catch (error) {
    // It is cut: what is there is what a decoder sees.
    if (!(error instanceof RangeError)) throw error;
  }
  return plain(width, height);
}

/**
 * HEIF (ISO/IEC 23008-12 §6.5.3): the largest of the sizes that the box "meta" names, because a picture may be made of
 * tiles. A file whose "meta" is not whole within the bytes is refused: its sizes stand elsewhere.
 */
function heifSize(head: Uint8Array): Found | undefined {
  const view = viewOf(head);
  for (let at = 0;;) {
    const bytes = view.getUint32(at);
    if (bytes < 8) return undefined;
    if (textAt(head, at + 4, 4) === "meta") return at + bytes <= head.length ? largestIn(head, at, bytes) : undefined;
    at += bytes;
  }
}

function largestIn(head: Uint8Array, from: number, bytes: number): Found | undefined {
  const view = viewOf(head);
  let [width, height] = [0, 0];
  for (let at = from; at + 16 <= from + bytes; at++) {
    if (head[at] !== 0x69 || textAt(head, at, 4) !== "ispe") continue;
    const [wide, high] = [view.getUint32(at + 8), view.getUint32(at + 12)];
    if (wide * high > width * height) [width, height] = [wide, high];
  }
  return width > 0 ? plain(width, height) : undefined;
}
