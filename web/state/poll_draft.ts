/** A poll that is being made: which of its fields is wrong. Pure. */

import { utf8 } from "../../schema/bytes.ts";
import type { NewPoll } from "../../client/api/engine_api.ts";
import {
  isPoll,
  maxOptionBytes,
  maxPollOptions,
  maxQuestionBytes,
  minPollOptions,
} from "../../client/content/kinds/poll.ts";

export interface PollDraft {
  question: string;
  /** The last one is empty while there may be more. */
  options: string[];
  several: boolean;
}

export type PollFault = { kind: "question-too-long" } | { kind: "option-too-long"; number: number } | { kind: "twice" };

/** @returns a draft with as many fields as a poll has answers at least */
export function newPollDraft(): PollDraft {
  return { question: "", options: Array<string>(minPollOptions).fill(""), several: false };
}

/** @returns the options with a further empty one, once all are used and a poll may have more */
export function withRoom(options: string[]): string[] {
  const isFull = options.every((option) => option.trim() !== "");
  return isFull && options.length < maxPollOptions ? [...options, ""] : options;
}

/** @returns what the user has to change; what is only missing is no fault */
export function faultOf(draft: PollDraft): PollFault | undefined {
  const { question, options } = pollOf(draft);
  if (utf8(question).length > maxQuestionBytes) return { kind: "question-too-long" };
  const long = draft.options.findIndex((option) => utf8(option.trim()).length > maxOptionBytes);
  if (long >= 0) return { kind: "option-too-long", number: long + 1 };
  return new Set(options).size < options.length ? { kind: "twice" } : undefined;
}

/** @returns the poll to send; undefined until it is whole */
export function readyPoll(draft: PollDraft): NewPoll | undefined {
  const poll = pollOf(draft);
  return isPoll(poll) ? poll : undefined;
}

function pollOf({ question, options, several }: PollDraft): NewPoll {
  const lineOf = (text: string) => text.replaceAll(/\s+/g, " ").trim();
  return { question: lineOf(question), options: options.map(lineOf).filter((option) => option !== ""), several };
}
