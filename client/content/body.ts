/** The text of a MIMI body: what can be read of its parts, and the one-part bodies that this version writes. */

import type { Bytes } from "../../schema/bytes.ts";
import { decodeCbor } from "../../schema/cbor.ts";
import { MalformedError } from "../../schema/malformed_error.ts";
import { Disposition, type MimiContent, type NestedPart } from "./mimi_content.ts";

/** The content type of what we write (the draft's §4.4 examples spell it so). */
const plainText = "text/plain;charset=utf-8";

/** The project's own content types (specification §7.8). Each holds one item of deterministic CBOR. */
export const ownTypes = {
  poll: "application/vnd.quicproquo.poll+cbor",
  vote: "application/vnd.quicproquo.vote+cbor",
  pollEnd: "application/vnd.quicproquo.poll-end+cbor",
} as const;

export interface BodyText {
  /** Parts that are no text are named by their type: "[image/gif]". */
  text: string;
  /** Whether there is something to read, beside names of types. */
  readable: boolean;
}

/** @returns what can be shown of a body; whatever can not be shown degrades to its type's name */
export function bodyText(body: NestedPart): BodyText {
  switch (body.cardinality) {
    case "null":
      return { text: "", readable: false };
    case "single": {
      if (!isText(body.contentType)) return named(body.contentType);
      const text = new TextDecoder().decode(body.content);
      return { text, readable: text !== "" };
    }
    case "external": {
      const words = [body.description || body.filename, body.encAlg === 0 ? body.url : ""];
      const text = words.filter((word) => word !== "").join(" ");
      return text === "" ? named(body.contentType) : { text, readable: true };
    }
    case "multi": {
      const parts = (body.semantics === "choose-one" ? chosen(body.parts) : body.parts).map(bodyText);
      return {
        text: parts.map(({ text }) => text).filter((text) => text !== "").join("\n"),
        readable: parts.some(({ readable }) => readable),
      };
    }
  }
}

/** @returns the text of a part that is text and nothing else; undefined for any other part */
export function plainTextOf(part: NestedPart): string | undefined {
  return part.cardinality === "single" && isText(part.contentType) ? bodyText(part).text : undefined;
}

/** @returns a body of one part of plain text */
export function textBody(text: string, disposition: number = Disposition.render): NestedPart {
  return {
    disposition,
    language: "",
    cardinality: "single",
    contentType: plainText,
    content: new TextEncoder().encode(text) as Bytes,
  };
}

/** @returns a body of one part of a type of our own */
export function ownBody(contentType: string, content: Bytes): NestedPart {
  return { disposition: Disposition.render, language: "", cardinality: "single", contentType, content };
}

/** @returns a body of our own type, with another for clients that do not know it */
export function withFallback(contentType: string, content: Bytes, fallback: NestedPart): NestedPart {
  return {
    disposition: Disposition.render,
    language: "",
    cardinality: "multi",
    semantics: "choose-one",
    parts: [ownBody(contentType, content), fallback],
  };
}

/**
 * Reads the part of a type of our own: the body itself, or one of its alternatives.
 *
 * @param read of the decoded CBOR; it may throw MalformedError
 * @returns undefined where there is no such part, or it is not what it should be
 */
export function ownPartOf<T>(
  body: NestedPart,
  contentType: string,
  read: (value: unknown) => T | undefined,
): T | undefined {
  const parts = body.cardinality === "multi" && body.semantics === "choose-one" ? body.parts : [body];
  const part = parts.find((part) => part.cardinality === "single" && typeName(part.contentType) === contentType);
  if (part?.cardinality !== "single") return undefined;
  try {
    return read(decodeCbor(part.content));
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
}

/**
 * @param salt 16 random bytes
 * @returns a container with nothing but the body and the ids that it refers to
 */
export function container(
  salt: Bytes,
  body: NestedPart,
  refersTo: Pick<MimiContent, "replaces" | "inReplyTo"> = {},
): MimiContent {
  return { salt, topicId: new Uint8Array(), extensions: new Map(), body, ...refersTo };
}

/** Alternatives: plain text when there is one, else any text, else the sender's first. */
function chosen(parts: NestedPart[]): NestedPart[] {
  const single = (fits: (contentType: string) => boolean) =>
    parts.find((part) => part.cardinality === "single" && fits(part.contentType));
  return [single((type) => typeName(type) === "text/plain") ?? single(isText) ?? parts[0]];
}

function named(contentType: string): BodyText {
  return { text: `[${typeName(contentType)}]`, readable: false };
}

function isText(contentType: string): boolean {
  return typeName(contentType).startsWith("text/");
}

/** "text/plain" of "text/plain;charset=utf-8"; an empty one is octets (RFC 2046 §4.5.1). */
function typeName(contentType: string): string {
  return contentType.split(";")[0].trim().toLowerCase() || "application/octet-stream";
}
