/** What a poll shows of its votes. Pure. */

import type { Poll, PollVote } from "../../client/api/engine_api.ts";

export interface OptionResult {
  text: string;
  count: number;
  /** Of all who have voted, 0 to 1. */
  share: number;
  /** This account has chosen it. */
  own: boolean;
  /** In the order of their votes. */
  voters: Pick<PollVote, "sender" | "senderKey">[];
}

export interface PollResult {
  options: OptionResult[];
  /** Accounts whose vote counts. */
  people: number;
}

/** @param accountKey of this account, hex */
export function resultOf({ options, votes }: Poll, accountKey: string): PollResult {
  const cast = votes.filter(({ choices }) => choices.length > 0);
  return {
    people: cast.length,
    options: options.map((text, index) => {
      const chosen = cast.filter(({ choices }) => choices.includes(index));
      return {
        text,
        count: chosen.length,
        share: cast.length === 0 ? 0 : chosen.length / cast.length,
        own: chosen.some(({ senderKey }) => senderKey === accountKey),
        voters: chosen,
      };
    }),
  };
}

/** @returns the account's choices after it has pressed an option: pressing it again takes it back */
export function choicesAfter(poll: Poll, accountKey: string, pressed: number): number[] {
  const given = poll.votes.find(({ senderKey }) => senderKey === accountKey)?.choices ?? [];
  if (given.includes(pressed)) return given.filter((choice) => choice !== pressed);
  return poll.several ? [...given, pressed].sort((a, b) => a - b) : [pressed];
}
