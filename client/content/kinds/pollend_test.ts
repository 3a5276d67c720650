import assert from "node:assert/strict";
import { encodeCbor } from "../../../schema/cbor.ts";
import { container, ownBody, ownTypes } from "../body.ts";
import { anna, bert, lineOfAnna, messageId, received, salt } from "../testing/lines.ts";
import { pollEndKind } from "./pollend.ts";

const inReplyTo = messageId(5);
const poll = { options: ["a", "b"], votes: [{ sender: "bert", senderKey: bert.senderKey, choices: [1], round: 1 }] };

Deno.test("CONVERSATIONS: pollEndKind.read() gives back what write() wrote, and nothing else", () => {
  assert.deepEqual(pollEndKind.read(received(pollEndKind.write({ inReplyTo }, salt))), { inReplyTo });
  const more = ownBody(ownTypes.pollEnd, encodeCbor({ choices: [] }));
  assert.equal(pollEndKind.read(received(container(salt, more, { inReplyTo }))), undefined);
  assert.equal(pollEndKind.read(received(container(salt, ownBody(ownTypes.pollEnd, encodeCbor({}))))), undefined);
});

Deno.test("CONVERSATIONS: the author alone ends a poll, and the votes stay", () => {
  const line = lineOfAnna({ text: "When?", poll });
  assert.deepEqual(pollEndKind.apply({ inReplyTo }, anna, line), {
    kind: "change",
    content: { text: "When?", poll: { ...poll, ended: true } },
    partId: anna.id,
  });
  assert.deepEqual(pollEndKind.apply({ inReplyTo }, bert, line), { kind: "refused" });
});

Deno.test("CONVERSATIONS: what is no poll, or has ended, is not ended", () => {
  const ended = lineOfAnna({ text: "When?", poll: { ...poll, ended: true } });
  assert.deepEqual(pollEndKind.apply({ inReplyTo }, anna, ended), { kind: "nothing" });
  assert.deepEqual(pollEndKind.apply({ inReplyTo }, anna, lineOfAnna({ text: "hi" })), { kind: "nothing" });
  assert.deepEqual(pollEndKind.apply({ inReplyTo }, anna, undefined), { kind: "wait" });
});
