/** A message as `recv` prints it: one text for people, its fields for programs. */

import type { AttachmentInfo, MessageContent, MessageItem, Poll, Reaction } from "../client/api/engine_api.ts";
import { blankLetters } from "../client/api/shown_names.ts";
import { writeDuration } from "./durations.ts";
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
/** The same for the name of a file, which may have spaces. */
const separatingNames = new RegExp(`[${separators.join("").replace("\\p{Z}", "\\p{Zl}\\p{Zp}")}]`, "gu");

/**
 * Whose message it is, what became of it, and its text. Marks stand before the colon, where no text of a
 * member does but the signs of reactions: so no member can write a mark.
 *
 * @param withId whether it begins with its id
 * @returns safe for a terminal
 */
export function messageText(message: MessageItem, withId = false): string {
  const { sender, own, revokedDevice, text, deleted, blank, unsupported, edited, reactions = [] } = message;
  const { attachments = [], poll, messageId, timerMs } = message;
  const marks = [
    ...(withId ? [messageId.slice(0, 8)] : []),
    ...(own ? ["you"] : []),
    ...(revokedDevice ? ["from a removed device"] : []),
    ...(edited ? ["edited"] : []),
    ...(timerMs !== undefined ? [`disappears after ${writeDuration(timerMs)}`] : []),
    ...(poll ? [poll.ended ? "poll, ended" : "poll"] : []),
    ...(deleted ? ["deleted"] : []),
    ...(blank ? ["nothing can be seen"] : []),
    ...(unsupported ? ["can not be shown by this version"] : []),
    ...attachments.map((attachment, index) => fileOf(attachment, idOf(message, index))),
    ...reactions.map(signedBy),
  ];
  const marked = marks.length > 0 ? ` (${marks.join("; ")})` : "";
  const words = poll
    ? [text, ...poll.options.map((option, index) => optionText(poll, option, index))].join("\n")
    : text;
  return `${printable(sender)}${marked}:${text === "" || blank ? "" : ` ${printableLines(words)}`}`;
}

/** An answer behind its number and its votes, so that no answer can look like votes. */
function optionText({ votes }: Poll, option: string, index: number): string {
  const voters = votes.filter(({ choices }) => choices.includes(index)).map(({ sender }) => sender);
  return `${index + 1}. (${
    [`${voters.length}`, ...(voters.length > 0 ? [voters.join(", ")] : [])].join(": ")
  }) ${option}`;
}

/** @returns how `save` names a file of a message */
function idOf({ messageId, attachments = [] }: MessageItem, index: number): string {
  return `${messageId.slice(0, 8)}${attachments.length > 1 ? `.${index + 1}` : ""}`;
}

function fileOf({ kind, name, size }: AttachmentInfo, id: string): string {
  return `${kind} ${id} ${printable(name.replace(separatingNames, "\ufffd"))}, ${size} bytes`;
}

function signedBy({ sender, text }: Reaction): string {
  return `${printable(sender)} ${printable(text.replace(separating, "\ufffd"))}`;
}

/**
 * @returns the fields of the record "message": the message's id, its sender and its content; a field without
 *   value is undefined
 */
export function messageFields({ messageId, sender, own, revokedDevice, timerMs, text, ...shown }: MessageItem) {
  const { replyTo, attachments, edited, versions, deleted, blank, unsupported, reactions, poll } = shown;
  const content = {
    text,
    replyTo: replyTo?.id,
    attachments: attachments?.map(({ name, type, kind, size }) => ({ name, type, kind, size })),
    edited,
    versions,
    deleted,
    blank,
    unsupported,
    reactions: reactions?.map(({ sender, text }) => ({ sender, text })),
    poll: poll && { ...poll, votes: poll.votes.map(({ sender, choices }) => ({ sender, choices })) },
    // A field of the API's message that is not here does not compile. `attached` says less than `attachments`.
  } satisfies Record<Exclude<keyof MessageContent, "attached">, unknown>;
  return { messageId, sender, own, revokedDevice, ...content, timerSeconds: timerMs && timerMs / 1_000 };
}
