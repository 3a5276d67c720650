/**
 * Attachments in a container: external parts of the MIMI content format, with the piece format in place of a registered
 * AEAD, and an extension of ours for what is shown before the file is there (specification §7.7).
 */

import { encode, rfc8949EncodeOptions } from "cborg";
import { type Bytes, equalBytes, fromHex, toHex } from "../../schema/bytes.ts";
import { type AttachmentInfo, maxPeaks } from "../api/attachments.ts";
import type { StoredAttachment } from "../attachments/attachment.ts";
import { keyBytes, maxFileBytes, prefixBytes } from "../attachments/pieces.ts";
import { safeFileName } from "./file_name.ts";
import { kindOf, mediaType } from "./media_type.ts";
import { Disposition, type ExternalPart, type NestedPart } from "./mimi_content.ts";
import { cutText } from "./visible_text.ts";

export { kindOf, mediaType };

/** Of the numbers that IANA's registry of AEADs leaves to private use (RFC 5116 §6). */
const pieceFormat = 0xf0a1;
/** SHA-256 in the registry of Named Information hash algorithms (RFC 6920 §9.4). */
const sha256Algorithm = 1;
const urlStart = "qpq-blob:";
/** Text keys are for private use (draft-ietf-mimi-content-07 §7.2). */
export const hintsKey = "qpq.attachments";

/** The draft's §4.3: bytes of an extension's value. */
const maxHintsBytes = 4095;
const maxThumbhashBytes = 100;
/** UTF-16 units. */
const longestDescription = 1000;
const longestDurationMs = 7 * 24 * 3_600_000;

/** @returns whether a part is encrypted in the piece format, whatever else is wrong with it */
export function isAttachmentPart(part: NestedPart): part is NestedPart & ExternalPart {
  return part.cardinality === "external" && part.encAlg === pieceFormat;
}

/** @returns the part that carries an attachment */
export function attachmentPart({ type, size, name, description = "", blob }: StoredAttachment): NestedPart {
  return {
    disposition: Disposition.attachment,
    language: "",
    cardinality: "external",
    contentType: type,
    url: urlStart + toHex(blob.sha256),
    expires: 0,
    size,
    encAlg: pieceFormat,
    key: blob.key,
    nonce: blob.prefix,
    aad: new Uint8Array(),
    hashAlg: sha256Algorithm,
    contentHash: blob.sha256,
    description,
    filename: name,
  };
}

/**
 * @param hints of the attachment, an item of {@link hintsOf}
 * @returns what the part says, with all that is not believable left out; undefined where it can not be opened
 */
export function readAttachmentPart(part: ExternalPart, hints: unknown): StoredAttachment | undefined {
  const { url, size, key, nonce, aad, hashAlg, contentHash } = part;
  const address = /^qpq-blob:([0-9a-f]{64})$/.exec(url)?.[1];
  if (address === undefined || size > maxFileBytes) return undefined;
  if (key.length !== keyBytes || nonce.length !== prefixBytes || aad.length > 0) return undefined;
  if (hashAlg !== sha256Algorithm || !equalBytes(contentHash, fromHex(address))) return undefined;
  const given = hints instanceof Map ? hints : new Map<unknown, unknown>();
  const type = mediaType(part.contentType);
  const description = cutText(part.description, longestDescription);
  return {
    name: safeFileName(part.filename),
    type,
    kind: kindOf(type, given.get("voice") === true),
    size,
    ...(description !== "" && { description }),
    ...shape(given),
    blob: { sha256: contentHash, key, prefix: nonce },
  };
}

/** @returns the items of a container's extension, by the order of its attachments; none where it is too large */
export function hintsOf(extensions: ReadonlyMap<number | string, unknown>): unknown[] {
  const hints = extensions.get(hintsKey);
  if (!Array.isArray(hints)) return [];
  return encode(hints, rfc8949EncodeOptions).length <= maxHintsBytes ? hints : [];
}

/** @returns the extension's value, in which pictures are left out from the end until it is small enough */
export function hintsFor(attachments: readonly AttachmentInfo[]): unknown[] {
  const hints = attachments.map(({ kind, width, height, durationMs, thumbhash, waveform }) => {
    const entries: [string, unknown][] = [
      ["voice", kind === "voice" || undefined],
      ["width", width],
      ["height", height],
      ["durationMs", durationMs],
      ["thumbhash", thumbhash],
      ["waveform", waveform],
    ];
    return new Map(entries.filter(([, value]) => value !== undefined));
  });
  for (let index = hints.length - 1; encode(hints, rfc8949EncodeOptions).length > maxHintsBytes; index--) {
    hints[index].delete("thumbhash");
    hints[index].delete("waveform");
  }
  return hints;
}

type Shape = Pick<AttachmentInfo, "width" | "height" | "durationMs" | "thumbhash" | "waveform">;

/** What is not as it should be is left out: it only shapes what is shown before the file is there. */
function shape(hints: ReadonlyMap<unknown, unknown>): Shape {
  const [width, height] = [countIn(hints.get("width"), 1, 65_535), countIn(hints.get("height"), 1, 65_535)];
  const durationMs = countIn(hints.get("durationMs"), 0, longestDurationMs);
  const thumbhash = bytesIn(hints.get("thumbhash"), 5, maxThumbhashBytes);
  const waveform = bytesIn(hints.get("waveform"), 1, maxPeaks);
  return {
    ...(width !== undefined && height !== undefined && { width, height }),
    ...(durationMs !== undefined && { durationMs }),
    ...(thumbhash && { thumbhash }),
    ...(waveform && { waveform }),
  };
}

function countIn(value: unknown, least: number, most: number): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most
    ? value as number
    : undefined;
}

function bytesIn(value: unknown, least: number, most: number): Bytes | undefined {
  return value instanceof Uint8Array && value.length >= least && value.length <= most
    ? new Uint8Array(value)
    : undefined;
}
