/**
 * The MIMI content container (draft-ietf-mimi-content-07 §4): what stands inside of a message, as
 * deterministic CBOR.
 */

import { decode, encode, rfc8949EncodeOptions } from "cborg";
import type { Bytes } from "../../schema/bytes.ts";
import { requireShallow } from "../../schema/cbor.ts";
import { MalformedError } from "../../schema/malformed_error.ts";
import { bytesOf, countOf, textOf } from "../../schema/shape.ts";

/** §4.4 {10}; 9 to 255 are unknown and to be treated as `render` (§8.1). */
export const Disposition = {
  unspecified: 0,
  render: 1,
  reaction: 2,
  profile: 3,
  inline: 4,
  icon: 5,
  attachment: 6,
  session: 7,
  preview: 8,
} as const;

export interface NullPart {
  cardinality: "null";
}

export interface SinglePart {
  cardinality: "single";
  contentType: string;
  content: Bytes;
}

export interface ExternalPart {
  cardinality: "external";
  contentType: string;
  url: string;
  /** Seconds since the Unix epoch, 0 = never. */
  expires: number;
  /** Bytes; 0 = not given. */
  size: number;
  /** IANA AEAD number, 0 = none. */
  encAlg: number;
  key: Bytes;
  nonce: Bytes;
  aad: Bytes;
  /** IANA Named Information hash algorithm, 0 = none. */
  hashAlg: number;
  contentHash: Bytes;
  description: string;
  filename: string;
}

/** "choose one": alternatives; "single unit": all or nothing; "process all": as many as possible. */
export type PartSemantics = "choose-one" | "single-unit" | "process-all";

export interface MultiPart {
  cardinality: "multi";
  semantics: PartSemantics;
  parts: NestedPart[];
}

export type NestedPart = { disposition: number; language: string } & (NullPart | SinglePart | ExternalPart | MultiPart);

export interface MimiContent {
  /** 16 random bytes. */
  salt: Bytes;
  /** Message id (32 bytes) of the message that this one edits or deletes. */
  replaces?: Bytes;
  topicId: Bytes;
  /** Seconds: after reading (`relative`) or since the Unix epoch. */
  expires?: { relative: boolean; time: number };
  /** Message id (32 bytes). */
  inReplyTo?: Bytes;
  /** By integer or text key; values are any CBOR. */
  extensions: Map<number | string, unknown>;
  body: NestedPart;
}

/** Bounds of §8.1: beyond them a message is most likely hostile. */
const contentLimits = { parts: 1024, depth: 4, topicId: 4096, extensions: 64 } as const;

const semantics: PartSemantics[] = ["choose-one", "single-unit", "process-all"];

/** @returns the one deterministic encoding (RFC 8949 §4.2.1) */
export function encodeMimiContent(
  { salt, replaces, topicId, expires, inReplyTo, extensions, body }: MimiContent,
): Bytes {
  const item = [
    salt,
    replaces ?? null,
    topicId,
    expires ? [expires.relative, expires.time] : null,
    inReplyTo ?? null,
    extensions,
    partItem(body),
  ];
  return new Uint8Array(encode(item, rfc8949EncodeOptions));
}

function partItem(part: NestedPart): unknown[] {
  const start = [part.disposition, part.language];
  switch (part.cardinality) {
    case "null":
      return [...start, 0];
    case "single":
      return [...start, 1, part.contentType, part.content];
    case "external":
      return [
        ...start,
        2,
        part.contentType,
        part.url,
        part.expires,
        part.size,
        part.encAlg,
        part.key,
        part.nonce,
        part.aad,
        part.hashAlg,
        part.contentHash,
        part.description,
        part.filename,
      ];
    case "multi":
      return [...start, 3, semantics.indexOf(part.semantics), part.parts.map(partItem)];
  }
}

/**
 * Decodes one container and refuses every encoding but the deterministic one: message ids are hashes of these
 * bytes (§3.3).
 *
 * @throws MalformedError
 */
export function decodeMimiContent(bytes: Uint8Array): MimiContent {
  const item = deterministicItem(bytes);
  if (!Array.isArray(item) || item.length !== 7) throw new MalformedError("content: not seven fields");
  const [salt, replaces, topicId, expires, inReplyTo, extensions, body] = item;
  const content: MimiContent = {
    salt: bytesOf(salt, 16, "salt"),
    topicId: bytesOf(topicId, undefined, "topicId"),
    extensions: extensionsOf(extensions),
    body: partOf(body, 0, { parts: 0 }),
  };
  if (content.topicId.length > contentLimits.topicId) throw new MalformedError("content: topicId too long");
  if (replaces !== null) content.replaces = messageIdOf(replaces, "replaces");
  if (inReplyTo !== null) content.inReplyTo = messageIdOf(inReplyTo, "inReplyTo");
  if (expires !== null) content.expires = expirationOf(expires);
  return content;
}

/** Extensions have integer keys, which schema/cbor.ts (string keys only) does not read. */
function deterministicItem(bytes: Uint8Array): unknown {
  requireShallow(bytes);
  let item: unknown;
  let again: Uint8Array;
  try {
    item = decode(bytes, { useMaps: true, strict: true, rejectDuplicateMapKeys: true, allowUndefined: false });
    // cborg decodes what it can not encode: a "break" in a map, maps with lists or maps as keys.
    again = encode(item, rfc8949EncodeOptions);
  } catch (error) {
    throw new MalformedError(`content: not CBOR: ${(error as Error).message}`);
  }
  if (again.length !== bytes.length || again.some((byte, index) => byte !== bytes[index])) {
    throw new MalformedError("content: CBOR is not deterministic");
  }
  return item;
}

function messageIdOf(value: unknown, what: string): Bytes {
  const id = bytesOf(value, 32, what);
  if (id[0] !== 1) throw new MalformedError(`content: ${what} is made with an unknown hash`);
  return id;
}

function expirationOf(value: unknown): { relative: boolean; time: number } {
  if (!Array.isArray(value) || value.length !== 2 || typeof value[0] !== "boolean") {
    throw new MalformedError("content: not an expiration");
  }
  return { relative: value[0], time: uintOf(value[1], 2 ** 32, "expires") };
}

function extensionsOf(value: unknown): Map<number | string, unknown> {
  if (!(value instanceof Map) || value.size > contentLimits.extensions) {
    throw new MalformedError("content: extensions are not a map");
  }
  for (const key of value.keys()) {
    const fits = typeof key === "number"
      ? Number.isSafeInteger(key)
      : typeof key === "string" && key.length >= 1 && key.length <= 255;
    if (!fits) throw new MalformedError("content: extension key");
  }
  return value as Map<number | string, unknown>;
}

function partOf(value: unknown, depth: number, seen: { parts: number }): NestedPart {
  if (++seen.parts > contentLimits.parts) throw new MalformedError("content: too many parts");
  if (depth > contentLimits.depth) throw new MalformedError("content: nested too deeply");
  if (!Array.isArray(value)) throw new MalformedError("content: a part is not a list");
  const [disposition, language, cardinality, ...rest] = value;
  const start = { disposition: uintOf(disposition, 256, "disposition"), language: textOf(language, 255, "language") };
  const fields = (count: number) => {
    if (rest.length !== count) throw new MalformedError("content: a part has the wrong number of fields");
  };
  switch (cardinality) {
    case 0:
      fields(0);
      return { ...start, cardinality: "null" };
    case 1:
      fields(2);
      return {
        ...start,
        cardinality: "single",
        contentType: textOf(rest[0], 1024, "contentType"),
        content: bytesOf(rest[1], undefined, "content"),
      };
    case 2:
      fields(12);
      return { ...start, ...externalOf(rest) };
    case 3: {
      fields(2);
      const [meaning, parts] = rest;
      if (typeof meaning !== "number" || !semantics[meaning]) {
        throw new MalformedError("content: unknown part semantics");
      }
      if (!Array.isArray(parts) || parts.length < 2) throw new MalformedError("content: a multipart needs two parts");
      return {
        ...start,
        cardinality: "multi",
        semantics: semantics[meaning],
        parts: parts.map((part) => partOf(part, depth + 1, seen)),
      };
    }
    default:
      throw new MalformedError("content: unknown cardinality");
  }
}

function externalOf(rest: unknown[]): ExternalPart {
  const [contentType, url, expires, size, encAlg, key, nonce, aad, hashAlg, contentHash, description, filename] = rest;
  return {
    cardinality: "external",
    contentType: textOf(contentType, 1024, "contentType"),
    url: textOf(url, 4096, "url"),
    expires: uintOf(expires, 2 ** 32, "expires"),
    size: countOf(size, "size"),
    encAlg: uintOf(encAlg, 2 ** 16, "encAlg"),
    key: bytesOf(key, undefined, "key"),
    nonce: bytesOf(nonce, undefined, "nonce"),
    aad: bytesOf(aad, undefined, "aad"),
    hashAlg: uintOf(hashAlg, 256, "hashAlg"),
    contentHash: bytesOf(contentHash, undefined, "contentHash"),
    description: textOf(description, 4096, "description"),
    filename: textOf(filename, 1024, "filename"),
  };
}

function uintOf(value: unknown, limit: number, what: string): number {
  const count = countOf(value, what);
  if (count >= limit) throw new MalformedError(`content: ${what} out of range`);
  return count;
}
