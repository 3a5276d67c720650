import assert from "node:assert/strict";
import { encodeCbor } from "../../../schema/cbor.ts";
import { bodyText, container, ownBody, ownTypes, textBody, withFallback } from "../body.ts";
import { encodeMimiContent, type NestedPart } from "../mimi_content.ts";
import { previewOf, readContent } from "../registry.ts";
import { anna, bert, lineOfAnna, messageId, received, salt } from "../testing/lines.ts";
import { editKind } from "./edit.ts";
import { maxOptionBytes, maxPollOptions, maxQuestionBytes, pollKind } from "./poll.ts";

const poll = { question: "When?", options: ["Saturday", "Sunday"], several: true };

const kindOf = (part: unknown) => {
  const body = withFallback(ownTypes.poll, encodeCbor(part), textBody("📊 When?"));
  const result = readContent(encodeMimiContent(container(salt, body)));
  return result.kind === "read" && result.message.kind;
};

Deno.test("CONVERSATIONS: pollKind.read() gives back what write() wrote", () => {
  assert.deepEqual(pollKind.read(received(pollKind.write(poll, salt))), poll);
  const single = { ...poll, several: false };
  assert.deepEqual(pollKind.read(received(pollKind.write(single, salt))), single);
});

Deno.test("CONVERSATIONS: a client without polls shows the question with its answers", () => {
  const { body } = received(pollKind.write(poll, salt));
  assert.deepEqual(bodyText(body), { text: "📊 When?\n1. Saturday\n2. Sunday", readable: true });
});

Deno.test("CONVERSATIONS: a poll is a line with its question, and the chat list says that it is one", () => {
  const content = { text: "When?", poll: { options: ["Saturday", "Sunday"], several: true as const, votes: [] } };
  assert.deepEqual(pollKind.apply(poll), { kind: "append", content });
  assert.deepEqual(previewOf(content), { text: "📊 When?" });
  assert.deepEqual(previewOf({ text: "", deleted: true }), { text: "", deleted: true });
});

Deno.test("CONVERSATIONS: a poll beyond its limits is read as its text", () => {
  const options = (count: number) => Array.from({ length: count }, (_, index) => `option ${index}`);
  assert.equal(kindOf(poll), "poll");
  assert.equal(kindOf({ ...poll, options: options(maxPollOptions) }), "poll");
  assert.equal(kindOf({ ...poll, options: ["a", "é".repeat(maxOptionBytes / 2)] }), "poll");
  const wrong = [
    { ...poll, options: options(1) },
    { ...poll, options: options(maxPollOptions + 1) },
    { ...poll, options: ["a", "é".repeat(maxOptionBytes / 2 + 1)] },
    { ...poll, options: ["a", "a"] },
    { ...poll, options: ["a", "\u200b"] },
    { ...poll, options: ["a", "b\nc"] },
    { ...poll, options: ["a", 7] },
    { ...poll, question: "x".repeat(maxQuestionBytes + 1) },
    { ...poll, question: " " },
    { ...poll, several: 1 },
    { ...poll, more: true },
    ["When?"],
    7,
  ];
  for (const part of wrong) assert.equal(kindOf(part), "text", JSON.stringify(part).slice(0, 100));
});

Deno.test("CONVERSATIONS: pollKind.read() leaves broken bytes and answers to other messages to other kinds", () => {
  const broken = withFallback(ownTypes.poll, new Uint8Array([0xff]), textBody("?"));
  assert.equal(pollKind.read(received(container(salt, broken))), undefined);
  assert.equal(pollKind.read(received(container(salt, textBody("?")))), undefined);
  const body = pollKind.write(poll, salt).body;
  assert.equal(pollKind.read(received(container(salt, body, { inReplyTo: messageId(1) }))), undefined);
  assert.equal(pollKind.read(received(container(salt, body, { replaces: messageId(1) }))), undefined);
  const bare = ownBody(ownTypes.poll, encodeCbor(poll)) as NestedPart;
  assert.deepEqual(pollKind.read(received(container(salt, bare))), poll);
});

Deno.test("CONVERSATIONS: nobody, not even its author, puts another question under a poll's votes", () => {
  const line = lineOfAnna({ text: "When?", poll: { options: ["a", "b"], votes: [] } });
  const edit = { text: "Where?", replaces: messageId(1) };
  assert.deepEqual(editKind.apply(edit, anna, line), { kind: "nothing" });
  assert.deepEqual(editKind.apply(edit, bert, line), { kind: "refused" });
});
