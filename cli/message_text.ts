/** A message as `recv` prints it: one text for people, its fields for programs. */

import type { MessageContent, MessageItem, Reaction } from "../client/api/engine_api.ts";
import { blankLetters } from "../client/content/visible_text.ts";
import { printable, printableLines } from "./output.ts";

/**
 * What a sign may not hold, so that it is one word: spaces, brackets, quotation marks, what separates marks,
 * what looks like these (in fullwidth and small forms), and letters that are drawn as nothing.
 */
const separators = [
  "\\p{Z}\\p{Cc}\\p{Ps}\\p{Pe}\\p{Pi}\\p{Pf}",
  ";,:\"'`\u037e\u3001\ufe50-\ufe55\uff0c\uff1a\uff1b",
  blankLetters,
];
const separating = new RegExp(`[${separators.join("")}]`, "gu");

/**
 * Whose message it is, what became of it, and its text. Marks stand before the colon, where no text of a
 * member does but the signs of reactions: so no member can write a mark.
 *
 * @returns safe for a terminal
 */
export function messageText(message: MessageItem): string {
  const { sender, own, revokedDevice, text, deleted, blank, unsupported, edited, reactions = [] } = message;
  const marks = [
    ...(own ? ["you"] : []),
    ...(revokedDevice ? ["from a removed device"] : []),
    ...(edited ? ["edited"] : []),
    ...(deleted ? ["deleted"] : []),
    ...(blank ? ["nothing can be seen"] : []),
    ...(unsupported ? ["can not be shown by this version"] : []),
    ...reactions.map(signedBy),
  ];
  const marked = marks.length > 0 ? ` (${marks.join("; ")})` : "";
  return `${printable(sender)}${marked}:${text === "" || blank ? "" : ` ${printableLines(text)}`}`;
}

function signedBy({ sender, text }: Reaction): string {
  return `${printable(sender)} ${printable(text.replace(separating, "\ufffd"))}`;
}

/**
 * @returns the fields of the record "message": the message's id, its sender and its content; a field without
 *   value is undefined
 */
export function messageFields({ messageId, sender, own, revokedDevice, text, ...shown }: MessageItem) {
  const { replyTo, edited, deleted, blank, unsupported, reactions } = shown;
  const content = {
    text,
    replyTo: replyTo?.id,
    edited,
    deleted,
    blank,
    unsupported,
    reactions: reactions?.map(({ sender, text }) => ({ sender, text })),
    // A field of the API's message that is not here does not compile.
  } satisfies Record<keyof MessageContent, unknown>;
  return { messageId, sender, own, revokedDevice, ...content };
}
