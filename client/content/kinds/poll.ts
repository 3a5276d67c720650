/** A poll: a question with answers to choose from (specification §7.8). A client that has no polls shows its text. */

import { encodeCbor } from "../../../schema/cbor.ts";
import { listOf, recordOf, textOf } from "../../../schema/shape.ts";
import { utf8 } from "../../../schema/bytes.ts";
import type { NewPoll } from "../../api/engine_api.ts";
import { container, ownPartOf, ownTypes, textBody, withFallback } from "../body.ts";
import type { ContentKind } from "../content_kind.ts";
import { isVisible } from "../visible_text.ts";

/** How many answers a poll offers. */
export const minPollOptions = 2;
export const maxPollOptions = 12;
/** Longest answer, in UTF-8 bytes. */
export const maxOptionBytes = 100;
/** Longest question, in UTF-8 bytes. */
export const maxQuestionBytes = 300;

/** One that breaks a limit is no poll: its text is read as a text. */
export const pollKind = {
  name: "poll",
  countsAsUnread: true,
  read({ replaces, inReplyTo, body }) {
    if (replaces || inReplyTo) return undefined;
    return ownPartOf(body, ownTypes.poll, (value) => {
      const { question, options, several } = recordOf(value, ["question", "options", "several"], "poll");
      const poll = {
        question: textOf(question, maxQuestionBytes, "question"),
        options: listOf(options, maxPollOptions, "options", (option) => textOf(option, maxOptionBytes, "option")),
        several: several === true,
      };
      return isPoll(poll) && typeof several === "boolean" ? poll : undefined;
    });
  },
  write(poll, salt) {
    const { question, options, several } = poll;
    return container(
      salt,
      withFallback(ownTypes.poll, encodeCbor({ question, options, several }), textBody(listed(poll))),
    );
  },
  apply: ({ question, options, several }) => ({
    kind: "append",
    content: { text: question, poll: { options, ...(several && { several }), votes: [] } },
  }),
  preview: ({ text, poll }) => (poll ? { text: `📊 ${text}` } : undefined),
} satisfies ContentKind<NewPoll>;

/** @returns whether a poll keeps all rules: number, length and form of its texts, and no answer twice */
export function isPoll({ question, options }: NewPoll): boolean {
  const fits = (text: string, most: number) => isVisible(text) && utf8(text).length <= most && !/\p{Cc}/u.test(text);
  return fits(question, maxQuestionBytes) && options.length >= minPollOptions && options.length <= maxPollOptions &&
    options.every((option) => fits(option, maxOptionBytes)) && new Set(options).size === options.length;
}

function listed({ question, options }: NewPoll): string {
  return [`📊 ${question}`, ...options.map((option, index) => `${index + 1}. ${option}`)].join("\n");
}
