/** Makes of a picture what is sent: upright, without metadata, and no larger than a screen unless it is asked for. */

import type { OutgoingFile } from "../../../client/api/attachments.ts";
import { kindOf, mediaType } from "../../../client/content/media_type.ts";
import type { PictureHeader } from "../../../client/content/picture_header.ts";
import { isStripped, maxPictureBytes, withoutMetadata } from "../../../client/content/strip_metadata.ts";
import { decode, draw, headerOf, isDecodable, isTransparent, shownOf } from "./picture_work.ts";

/** Pixels of the longest edge, unless the original is asked for. */
const longestEdge = 2048;
/** The least loss that is hardly seen. */
const quality = 0.82;
/** A picture that is small already is not made worse: words in it stay sharp. */
const smallBytes = 512 * 1024;

/** The type of what is not to be drawn, whatever it is called. */
export const opaqueType = "application/octet-stream";

/**
 * @param original pictures keep their size in pixels
 * @param isShown the page has decoded it before
 * @returns a picture; or, where it can not be decoded or would take too much memory, a file
 * @throws Error where it was shown as a picture and its metadata can not be taken out: nobody was told that it stays
 */
export async function preparePicture(file: File, original: boolean, isShown: boolean): Promise<OutgoingFile> {
  const header = await headerOf(file);
  if (!header) return asFile(file);
  if (!isDecodable(header, file.size)) return await asPlainFile(file, header);
  try {
    // A GIF may move; drawing would stop it.
    const same = stays(file, header, original) ? await stripped(file, header) : undefined;
    if (same) return await shownAs(file.name, same, same.type);
    if (header.format === "gif") return await asPlainFile(file, header);
    return await drawnAnew(file, original ? Infinity : longestEdge).catch(() => drawnAnew(file, longestEdge));
  } catch {
    const plain = await asPlainFile(file, header);
    if (isShown && plain.source === file) throw new Error(`what ${file.name} says of itself can not be taken out`);
    return plain;
  }
}

/** @returns the file as it is, under a type that no receiver draws */
export function asFile(file: File): OutgoingFile {
  const isDrawn = kindOf(mediaType(file.type), false) === "image";
  return { name: file.name, type: isDrawn ? opaqueType : file.type, source: file };
}

function stays(file: File, { format, width, height, orientation }: PictureHeader, original: boolean): boolean {
  const isSmall = file.size <= smallBytes && Math.max(width, height) <= longestEdge && orientation === 1;
  return original || isSmall || format === "gif";
}

async function stripped(file: File, { format, orientation }: PictureHeader): Promise<Blob | undefined> {
  if (!isStripped(format)) return undefined;
  return withoutMetadata(new Uint8Array(await file.arrayBuffer()), format, orientation);
}

async function shownAs(name: string, source: Blob, type: string): Promise<OutgoingFile> {
  const picture = await decode(source);
  const shown = shownOf(picture);
  picture.close();
  return { name, type, source, ...shown };
}

async function drawnAnew(file: File, edge: number): Promise<OutgoingFile> {
  const picture = await decode(file);
  try {
    const type = isTransparent(picture) ? "image/webp" : "image/jpeg";
    // A browser that does not write WebP gives PNG.
    const source = await draw(picture, edge).convertToBlob({ type, quality });
    return await shownAs(named(file.name, source.type), source, source.type);
  } finally {
    picture.close();
  }
}

/** What is not decoded goes as a file, without its metadata where that can be taken out. */
async function asPlainFile(file: File, header: PictureHeader): Promise<OutgoingFile> {
  const same = file.size <= maxPictureBytes ? await stripped(file, header).catch(() => undefined) : undefined;
  return { ...asFile(file), source: same ?? file };
}

const endings: Record<string, string> = { "image/jpeg": "jpg", "image/webp": "webp", "image/png": "png" };

/** @returns the name with the ending of the type; one that fits stays */
export function named(name: string, type: string): string {
  const ending = endings[type];
  const known = /\.([a-z0-9]{1,8})$/i.exec(name)?.[1].toLowerCase();
  if (!ending || known === ending || (ending === "jpg" && known === "jpeg")) return name;
  const stem = known === undefined ? name : name.slice(0, -known.length - 1);
  return `${stem}.${ending}`;
}
