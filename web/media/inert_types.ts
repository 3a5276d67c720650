/**
 * Which content of others is shown: pictures, videos and sounds of formats that run nothing. The format is read from
 * the content, so neither a sender's word nor a guess of the browser decides what becomes of it.
 */

import type { AttachmentKind } from "../../client/api/attachments.ts";

/** So many bytes of a file's beginning tell its format. */
export const signatureBytes = 64;

type Family = "image" | "video" | "audio";

const families: Record<AttachmentKind, Family | undefined> = {
  image: "image",
  video: "video",
  audio: "audio",
  voice: "audio",
  file: undefined,
};

/** Brands of ISO media files that are pictures (ISO/IEC 14496-12 §4.3, AV1 Image File Format §6). */
const avifBrands = new Set(["avif", "avis"]);
const otherPictures = new Set(["heic", "heix", "hevc", "hevx", "heim", "heis", "mif1", "msf1"]);

/**
 * @param kind what the message says that it is
 * @param start the first bytes of the content, {@link signatureBytes} or all
 * @returns the media type to show it as; undefined where it is to be saved only
 */
export function inertType(kind: AttachmentKind, start: Uint8Array): string | undefined {
  const family = families[kind];
  if (!family) return undefined;
  return family === "image" ? pictureType(start) : soundOrVideoType(family, start);
}

function pictureType(start: Uint8Array): string | undefined {
  if (begins(start, 0, [0xff, 0xd8, 0xff])) return "image/jpeg";
  if (begins(start, 0, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])) return "image/png";
  if (says(start, 0, "GIF87a") || says(start, 0, "GIF89a")) return "image/gif";
  if (says(start, 0, "RIFF") && says(start, 8, "WEBP")) return "image/webp";
  return brandsOf(start).some((brand) => avifBrands.has(brand)) ? "image/avif" : undefined;
}

function soundOrVideoType(family: "video" | "audio", start: Uint8Array): string | undefined {
  const [major] = brandsOf(start);
  if (major !== undefined) return avifBrands.has(major) || otherPictures.has(major) ? undefined : `${family}/mp4`;
  // EBML (RFC 8794 §11.2): Matroska and WebM.
  if (begins(start, 0, [0x1a, 0x45, 0xdf, 0xa3])) return `${family}/webm`;
  if (says(start, 0, "OggS")) return `${family}/ogg`;
  if (family === "video") return undefined;
  if (says(start, 0, "RIFF") && says(start, 8, "WAVE")) return "audio/wav";
  if (says(start, 0, "fLaC")) return "audio/flac";
  if (says(start, 0, "ID3")) return "audio/mpeg";
  // A frame of ADTS has layer 0, one of MPEG audio another one (ISO/IEC 13818-7 §6.2, 11172-3 §2.4.1.3).
  if (start[0] === 0xff && (start[1] & 0xf6) === 0xf0) return "audio/aac";
  return start[0] === 0xff && (start[1] & 0xe0) === 0xe0 && (start[1] & 0x06) !== 0 ? "audio/mpeg" : undefined;
}

/** @returns the major brand of an ISO media file, then the compatible ones that are in these bytes; none for others */
function brandsOf(start: Uint8Array): string[] {
  if (!says(start, 4, "ftyp")) return [];
  const length = new DataView(start.buffer, start.byteOffset, start.byteLength).getUint32(0);
  const end = Math.min(length, start.length);
  const brands = [textAt(start, 8)];
  for (let at = 16; at + 4 <= end; at += 4) brands.push(textAt(start, at));
  return brands;
}

function textAt(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}

function says(bytes: Uint8Array, at: number, text: string): boolean {
  return begins(bytes, at, [...text].map((letter) => letter.charCodeAt(0)));
}

function begins(bytes: Uint8Array, at: number, wanted: readonly number[]): boolean {
  return wanted.every((byte, index) => bytes[at + index] === byte);
}
