/**
 * What an account shows of itself (specification §7.11). Its messages have no line, so it is no kind. The newest
 * counts, by a number that its owner's devices raise.
 */

import type { Bytes } from "../../schema/bytes.ts";
import { decodeCbor, encodeCbor } from "../../schema/cbor.ts";
import { MalformedError } from "../../schema/malformed_error.ts";
import { type Face, maxAbout, maxDisplayName, maxDisplayNameBytes, maxPictureFileBytes } from "../api/profiles_api.ts";
import { type BlobReference, referenceId } from "../attachments/attachment.ts";
import { keyBytes, prefixBytes } from "../attachments/pieces.ts";
import { container } from "./body.ts";
import { Disposition, type MimiContent } from "./mimi_content.ts";
import { isVisible } from "./visible_text.ts";

/** The content type of a profile. */
export const profileType = "application/vnd.quicproquo.profile+cbor";

/** Where a picture is, and what opens it: a blob in the format of attachments (specification §7.7). */
export interface PictureReference extends BlobReference {
  /** Bytes of the picture. */
  size: number;
}

export interface Profile {
  /** Grows with each change. */
  v: number;
  /** The display name. */
  name?: string;
  about?: string;
  picture?: PictureReference;
}

/** How far a profile's number may be ahead of the time at which it is judged. A higher one would stand for ever. */
const maxAheadMs = 86_400_000;

/** @param atMs when it was received; of what is kept, now @returns whether a number is too high to count */
export function isAhead(v: number, atMs: number): boolean {
  return v > atMs + maxAheadMs;
}

/** Controls, ends of lines, and what turns the direction of writing beyond a name (Unicode UAX 9 §2). */
const unfit = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

/** The app's own mark of a username stands behind a name as "(@anna)": none of its forms (NFKC) is in a name. */
const usernameMark = /[@\ufe6b\uff20]/u;

/** @returns whether a text can be a display name */
export function isDisplayName(text: string): boolean {
  return !usernameMark.test(text) && isLine(text, maxDisplayName) &&
    new TextEncoder().encode(text).length <= maxDisplayNameBytes;
}

/** @returns whether a text can be the line of a person about itself */
export function isAbout(text: string): boolean {
  return isLine(text, maxAbout);
}

/** A line that shows something. @param most characters, as code points */
function isLine(text: string, most: number): boolean {
  return text.length <= 2 * most && [...text].length <= most && isVisible(text) && !unfit.test(text);
}

/** @param salt 16 random bytes @returns the container of a profile */
export function writeProfile({ v, name, about, picture }: Profile, salt: Bytes): MimiContent {
  const content = encodeCbor({
    v,
    ...(name !== undefined && { name }),
    ...(about !== undefined && { about }),
    ...(picture && { picture: pictureFields(picture) }),
  });
  const single = { cardinality: "single", contentType: profileType, content } as const;
  return container(salt, { disposition: Disposition.profile, language: "", ...single });
}

/**
 * @returns undefined for anything else; "nothing" for a profile without a number. A field that is not as it should be
 *   counts as absent
 */
export function readProfile({ body }: MimiContent): Profile | "nothing" | undefined {
  if (body.cardinality !== "single" || body.contentType !== profileType) return undefined;
  try {
    return profileOf(decodeCbor(body.content)) ?? "nothing";
  } catch (error) {
    if (error instanceof MalformedError) return "nothing";
    throw error;
  }
}

/** @param value decoded CBOR @returns undefined where there is no number */
export function profileOf(value: unknown): Profile | undefined {
  const { v, name, about, picture } = fieldsOf(value);
  if (!Number.isSafeInteger(v) || (v as number) < 1) return undefined;
  const reference = pictureOf(picture);
  return {
    v: v as number,
    ...(typeof name === "string" && isDisplayName(name) && { name }),
    ...(typeof about === "string" && isAbout(about) && { about }),
    ...(reference && { picture: reference }),
  };
}

/** @param value decoded CBOR @returns undefined for what names no picture within the limits */
function pictureOf(value: unknown): PictureReference | undefined {
  const { sha256, key, prefix, size } = fieldsOf(value);
  if (!isBytes(sha256, 32) || !isBytes(key, keyBytes) || !isBytes(prefix, prefixBytes)) return undefined;
  if (!Number.isSafeInteger(size) || (size as number) < 1 || (size as number) > maxPictureFileBytes) return undefined;
  return {
    sha256: new Uint8Array(sha256),
    key: new Uint8Array(key),
    prefix: new Uint8Array(prefix),
    size: size as number,
  };
}

/** @returns the bytes that stand for a picture in a group's data (specification §3.9) */
export function encodePicture(picture: PictureReference): Bytes {
  return encodeCbor(pictureFields(picture));
}

/** @param bytes of a group's data @returns undefined for what names no picture */
export function decodePicture(bytes: Uint8Array | undefined): PictureReference | undefined {
  try {
    return bytes && pictureOf(decodeCbor(bytes));
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
}

const pictureIds = new WeakMap<PictureReference, string>();

/**
 * @returns hex of 32 bytes by which views name a picture. The whole reference counts, so that nobody's reference stands
 *   for another's picture
 */
export function pictureId(picture: PictureReference): string {
  const id = pictureIds.get(picture) ?? referenceId(picture, picture.size);
  pictureIds.set(picture, id);
  return id;
}

/** @returns what views may have of a profile: no keys */
export function faceOf({ name, about, picture }: Omit<Profile, "v">): Face {
  return {
    ...(name !== undefined && { displayName: name }),
    ...(about !== undefined && { about }),
    ...(picture && { pictureId: pictureId(picture) }),
  };
}

function pictureFields({ sha256, key, prefix, size }: PictureReference): PictureReference {
  return { sha256, key, prefix, size };
}

function fieldsOf(value: unknown): Record<string, unknown> {
  const isMap = typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
  return isMap ? value as Record<string, unknown> : {};
}

function isBytes(value: unknown, length: number): value is Bytes {
  return value instanceof Uint8Array && value.length === length;
}
