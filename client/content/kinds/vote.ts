/** A vote: which answers of a poll an account has chosen (specification §7.8). */

import type { Bytes } from "../../../schema/bytes.ts";
import { encodeCbor } from "../../../schema/cbor.ts";
import { countOf, listOf, recordOf } from "../../../schema/shape.ts";
import type { Poll, PollVote } from "../../api/engine_api.ts";
import { container, ownBody, ownPartOf, ownTypes } from "../body.ts";
import type { ContentKind, Effect } from "../content_kind.ts";
import { maxPollOptions } from "./poll.ts";

/** Accounts whose votes a poll keeps: twice as many as a group has members. */
export const maxVoters = 2_000;

export interface VoteContent {
  /** Indices of options, ascending; none takes the vote back. */
  choices: number[];
  /** See {@link PollVote.round}. */
  round: number;
  /** 32 bytes: the poll */
  inReplyTo: Bytes;
}

export const voteKind = {
  name: "vote",
  countsAsUnread: false,
  read({ replaces, inReplyTo, body }) {
    if (replaces || !inReplyTo) return undefined;
    return ownPartOf(body, ownTypes.vote, (value) => {
      const { choices, round } = recordOf(value, ["choices", "round"], "vote");
      const read = { choices: listOf(choices, maxPollOptions, "choices", countOf), round: countOf(round, "round") };
      const isAscending = read.choices.every((choice, index) => index === 0 || choice > read.choices[index - 1]);
      return isAscending ? { ...read, inReplyTo } : undefined;
    });
  },
  write: ({ choices, round, inReplyTo }, salt) =>
    container(salt, ownBody(ownTypes.vote, encodeCbor({ choices, round })), { inReplyTo }),
  refersTo: ({ inReplyTo }) => inReplyTo,
  apply({ choices, round }, { id, sender, senderKey }, target): Effect {
    if (!target) return { kind: "wait" };
    const { content, partId } = target;
    const { poll } = content;
    if (!poll || poll.ended || partId !== undefined || !fits(choices, poll)) return { kind: "nothing" };
    const votes = withVote(poll.votes, { sender, senderKey, choices, round });
    return votes
      ? { kind: "change", content: { ...content, poll: { ...poll, votes } }, partId: id }
      : { kind: "nothing" };
  },
} satisfies ContentKind<VoteContent>;

/** @returns the number of an account's next vote */
export function nextRound(votes: readonly PollVote[], accountKey: string): number {
  return (votes.find(({ senderKey }) => senderKey === accountKey)?.round ?? 0) + 1;
}

function fits(choices: number[], { options, several }: Poll): boolean {
  return choices.every((choice) => choice < options.length) && (several === true || choices.length <= 1);
}

/** @returns the votes with this one; undefined where the account has a later one, or there are too many */
function withVote(votes: readonly PollVote[], vote: PollVote): PollVote[] | undefined {
  const index = votes.findIndex(({ senderKey }) => senderKey === vote.senderKey);
  if (index < 0) return votes.length < maxVoters ? [...votes, vote] : undefined;
  return isLater(vote, votes[index]) ? votes.with(index, vote) : undefined;
}

/** Two devices of an account may vote at once: of the same round, the one counts that sorts last. */
function isLater(vote: PollVote, other: PollVote): boolean {
  return vote.round > other.round || vote.round === other.round && `${vote.choices}` > `${other.choices}`;
}
