import assert from "node:assert/strict";
import { encodeCbor } from "../../../schema/cbor.ts";
import type { PollVote } from "../../api/engine_api.ts";
import { container, ownBody, ownTypes } from "../body.ts";
import { deleteKind } from "./delete.ts";
import { anna, bert, lineOfAnna, messageId, received, salt } from "../testing/lines.ts";
import { maxVoters, nextRound, voteKind } from "./vote.ts";

const inReplyTo = messageId(5);
const vote = (choices: number[], round = 1) => ({ choices, round, inReplyTo });
const pollLine = (votes: PollVote[], more: { several?: true; ended?: true } = {}) =>
  lineOfAnna({ text: "When?", poll: { options: ["a", "b", "c"], votes, ...more } });
const ofBert = (choices: number[], round = 1): PollVote => ({
  sender: bert.sender,
  senderKey: bert.senderKey,
  choices,
  round,
});

function votesAfter(votes: PollVote[], ...cast: ReturnType<typeof vote>[]): PollVote[] {
  return cast.reduce((before, content) => {
    const effect = voteKind.apply(content, bert, pollLine(before, { several: true }));
    return effect.kind === "change" ? effect.content.poll!.votes : before;
  }, votes);
}

Deno.test("CONVERSATIONS: voteKind.read() gives back what write() wrote", () => {
  assert.deepEqual(voteKind.read(received(voteKind.write(vote([0, 2], 3), salt))), vote([0, 2], 3));
  assert.deepEqual(voteKind.read(received(voteKind.write(vote([]), salt))), vote([]));
});

Deno.test("CONVERSATIONS: voteKind.read() refuses choices that are not ascending, not numbers or too many", () => {
  const wrong = [[1, 0], [1, 1], [-1], [0.5], ["0"], Array.from({ length: 13 }, (_, index) => index)];
  for (const choices of wrong) {
    const body = ownBody(ownTypes.vote, encodeCbor({ choices, round: 1 }));
    assert.equal(voteKind.read(received(container(salt, body, { inReplyTo }))), undefined, JSON.stringify(choices));
  }
  const noPoll = container(salt, ownBody(ownTypes.vote, encodeCbor({ choices: [0], round: 1 })));
  assert.equal(voteKind.read(received(noPoll)), undefined);
});

Deno.test("CONVERSATIONS: a vote is counted once for each account, and the last one counts", () => {
  assert.deepEqual(votesAfter([], vote([0])), [ofBert([0])]);
  assert.deepEqual(votesAfter([], vote([0]), vote([1, 2], 2)), [ofBert([1, 2], 2)]);
  assert.deepEqual(votesAfter([], vote([0]), vote([], 2)), [ofBert([], 2)], "taken back");
  assert.equal(nextRound([ofBert([0], 4)], bert.senderKey), 5);
  assert.equal(nextRound([], bert.senderKey), 1);
});

Deno.test("CONVERSATIONS: votes of two devices of an account end alike in whatever order they come", () => {
  const [first, second, third] = [vote([0]), vote([2]), vote([1], 2)];
  const expected = votesAfter([], first, second, third);
  for (const order of [[second, first, third], [third, first, second], [second, third, first]]) {
    assert.deepEqual(votesAfter([], ...order), expected);
  }
  assert.deepEqual(votesAfter([], first, second), votesAfter([], second, first));
});

Deno.test("CONVERSATIONS: a vote that the poll does not offer, or for what is no poll, does nothing", () => {
  const nothing = { kind: "nothing" };
  assert.deepEqual(voteKind.apply(vote([3]), bert, pollLine([])), nothing);
  assert.deepEqual(voteKind.apply(vote([0, 1]), bert, pollLine([])), nothing, "one choice only");
  assert.deepEqual(voteKind.apply(vote([0]), bert, pollLine([], { ended: true })), nothing);
  assert.deepEqual(voteKind.apply(vote([0]), bert, lineOfAnna({ text: "hi" })), nothing);
  assert.deepEqual(voteKind.apply(vote([0]), bert, lineOfAnna({ text: "", deleted: true })), nothing);
  assert.deepEqual(voteKind.apply(vote([0]), bert, { ...pollLine([]), partId: bert.id }), nothing);
  assert.deepEqual(voteKind.apply(vote([0]), bert, undefined), { kind: "wait" });
});

Deno.test("CONVERSATIONS: a poll keeps the votes of a bounded number of accounts", () => {
  const many = Array.from({ length: maxVoters }, (_, index) => ({
    sender: "somebody",
    senderKey: index.toString(16).padStart(64, "0"),
    choices: [0],
    round: 1,
  }));
  assert.deepEqual(voteKind.apply(vote([0]), bert, pollLine(many)), { kind: "nothing" });
  const voted = [...many.slice(1), ofBert([0])];
  assert.equal(voteKind.apply(vote([1], 2), bert, pollLine(voted)).kind, "change");
});

Deno.test("CONVERSATIONS: a delete that names a vote takes nothing away from the poll", () => {
  const target = { ...pollLine([ofBert([0])]), partId: bert.id };
  assert.deepEqual(deleteKind.apply({ replaces: messageId(6) }, bert, target), { kind: "nothing" });
  assert.deepEqual(deleteKind.apply({ replaces: messageId(6) }, anna, target), { kind: "nothing" });
});
