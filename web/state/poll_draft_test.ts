import assert from "node:assert/strict";
import { maxPollOptions } from "../../client/content/kinds/poll.ts";
import { faultOf, newPollDraft, readyPoll, withRoom } from "./poll_draft.ts";

const draft = (question: string, ...options: string[]) => ({ question, options, several: false });

Deno.test("CONVERSATIONS: a poll is ready with a question and two answers, and empty ones are left out", () => {
  assert.equal(readyPoll(newPollDraft()), undefined);
  assert.equal(readyPoll(draft("When?", "Saturday", "")), undefined);
  assert.deepEqual(readyPoll(draft(" When?\n", "Saturday", " ", "Sun\tday ")), {
    question: "When?",
    options: ["Saturday", "Sun day"],
    several: false,
  });
});

Deno.test("CONVERSATIONS: another answer is offered once all are used, up to the most", () => {
  assert.deepEqual(withRoom(["a", ""]), ["a", ""]);
  assert.deepEqual(withRoom(["a", "b"]), ["a", "b", ""]);
  const full = Array.from({ length: maxPollOptions }, (_, index) => `${index}`);
  assert.deepEqual(withRoom(full), full);
});

Deno.test("CONVERSATIONS: what is too long or said twice is named", () => {
  assert.equal(faultOf(newPollDraft()), undefined);
  assert.deepEqual(faultOf(draft("é".repeat(151), "a", "b")), { kind: "question-too-long" });
  assert.deepEqual(faultOf(draft("q", "a", "é".repeat(51))), { kind: "option-too-long", number: 2 });
  assert.deepEqual(faultOf(draft("q", "a", " a ")), { kind: "twice" });
  assert.equal(readyPoll(draft("q", "a", "a")), undefined);
});
