/** A message in the form of `recv`: its text for people, its fields for programs. */

import type { TimelineItem } from "../client/api/engine_api.ts";
import { printable, printableLines } from "./output.ts";

type Message = TimelineItem & { kind: "message" };

/** @returns the text, or the sentence that replaces it, safe for a terminal */
export function messageText({ text, deleted, unsupported, edited, reactions = [] }: Message): string {
  if (deleted) return "(message deleted)";
  const shown = unsupported ? `(this version can not show this message) ${text}`.trimEnd() : text;
  const signs = reactions.map((reaction) => ` [${printable(reaction.text)} ${printable(reaction.sender)}]`);
  return `${printableLines(shown)}${edited ? " (edited)" : ""}${signs.join("")}`;
}

/** @returns the fields of the record "message": the message's id and its content */
export function messageFields({ messageId, sender, own, text, ...shown }: Message) {
  const { replyTo, edited, deleted, unsupported, reactions } = shown;
  return {
    messageId,
    sender,
    own,
    text,
    ...(replyTo && { replyTo: replyTo.id }),
    ...(edited && { edited }),
    ...(deleted && { deleted }),
    ...(unsupported && { unsupported }),
    ...(reactions && { reactions: reactions.map(({ sender, text }) => ({ sender, text })) }),
  };
}
