/** What a conversation shows of a message: its text, and what it does to an earlier one. */

import type { Bytes } from "../../schema/bytes.ts";
import { Disposition, type MimiContent, type NestedPart } from "./mimi_content.ts";

/** The content type of what we write (the draft's §4.4 examples spell it so). */
export const plainText = "text/plain;charset=utf-8";

/** Longest text of a message, in UTF-8 bytes. */
export const maxTextBytes = 16 * 1024;

/**
 * @param salt 16 random bytes
 * @returns a message that says `text`
 */
export function textContent(text: string, salt: Bytes): MimiContent {
  return {
    salt,
    topicId: new Uint8Array(),
    extensions: new Map(),
    body: {
      disposition: Disposition.render,
      language: "",
      cardinality: "single",
      contentType: plainText,
      content: new TextEncoder().encode(text) as Bytes,
    },
  };
}

/** What a received message is to a conversation. Ids are of the draft's §3.3, 32 bytes. */
export type MessageMeaning =
  | { kind: "text"; text: string; inReplyTo?: Bytes }
  | { kind: "reaction"; text: string; inReplyTo?: Bytes }
  | { kind: "edit"; text: string; replaces: Bytes }
  /** Deletes a message, or takes a reaction back. */
  | { kind: "delete"; replaces: Bytes };

/**
 * Reads a message's meaning. Whatever can not be shown degrades to a line that names its type; never throws.
 */
export function messageMeaning(content: MimiContent): MessageMeaning {
  const { replaces, inReplyTo, body } = content;
  if (replaces && body.cardinality === "null") return { kind: "delete", replaces };
  const text = partText(body);
  if (replaces) return { kind: "edit", text, replaces };
  const kind = body.disposition === Disposition.reaction ? "reaction" : "text";
  return inReplyTo ? { kind, text, inReplyTo } : { kind, text };
}

function partText(part: NestedPart): string {
  switch (part.cardinality) {
    case "null":
      return "";
    case "single":
      return isText(part.contentType) ? new TextDecoder().decode(part.content) : `[${typeName(part.contentType)}]`;
    case "external":
      return [part.description || part.filename, part.encAlg === 0 ? part.url : ""].filter((word) => word !== "").join(
        " ",
      ) || `[${typeName(part.contentType)}]`;
    case "multi":
      return multipartText(part.semantics === "choose-one" ? chosen(part.parts) : part.parts);
  }
}

function multipartText(parts: NestedPart[]): string {
  return parts.map(partText).filter((text) => text !== "").join("\n");
}

/** Alternatives: plain text when there is one, else any text, else the sender's first. */
function chosen(parts: NestedPart[]): NestedPart[] {
  const single = (fits: (contentType: string) => boolean) =>
    parts.find((part) => part.cardinality === "single" && fits(part.contentType));
  return [single((type) => typeName(type) === "text/plain") ?? single(isText) ?? parts[0]];
}

function isText(contentType: string): boolean {
  return typeName(contentType).startsWith("text/");
}

/** "text/plain" of "text/plain;charset=utf-8"; an empty one is octets (RFC 2046 §4.5.1). */
function typeName(contentType: string): string {
  return contentType.split(";")[0].trim().toLowerCase() || "application/octet-stream";
}
