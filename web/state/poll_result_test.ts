import assert from "node:assert/strict";
import type { PollVote } from "../../client/api/engine_api.ts";
import { choicesAfter, resultOf } from "./poll_result.ts";

const vote = (sender: string, choices: number[]): PollVote => ({
  sender,
  senderKey: `key of ${sender}`,
  choices,
  round: 1,
});
const poll = { options: ["a", "b", "c"], votes: [vote("anna", [0, 2]), vote("bert", [2]), vote("carl", [])] };

Deno.test("CONVERSATIONS: votes are counted by option, and who took a vote back has none", () => {
  const { people, options } = resultOf(poll, "key of bert");
  assert.equal(people, 2);
  assert.deepEqual(options.map(({ count, share, own }) => [count, share, own]), [[1, 0.5, false], [0, 0, false], [
    2,
    1,
    true,
  ]]);
  assert.deepEqual(options[2].voters.map(({ sender }) => sender), ["anna", "bert"]);
  assert.deepEqual(resultOf({ options: ["a", "b"], votes: [] }, "").options[0].share, 0);
});

Deno.test("CONVERSATIONS: an option that is pressed is chosen, alone or with others, and pressed again not", () => {
  const several = { ...poll, several: true as const };
  assert.deepEqual(choicesAfter(several, "key of anna", 1), [0, 1, 2]);
  assert.deepEqual(choicesAfter(several, "key of anna", 2), [0]);
  assert.deepEqual(choicesAfter(poll, "key of bert", 0), [0]);
  assert.deepEqual(choicesAfter(poll, "key of bert", 2), []);
  assert.deepEqual(choicesAfter(poll, "key of dora", 1), [1]);
});
