import assert from "node:assert/strict";
import type { MessageContent } from "../client/api/engine_api.ts";
import { messageFields, messageText } from "./message_text.ts";

const message = (content: MessageContent) => ({
  kind: "message" as const,
  messageId: "07".repeat(16),
  order: "000000000001",
  sender: "anna",
  own: false,
  atMs: 0,
  state: "received" as const,
  ...content,
});
const reactions = [{ id: "01".repeat(32), sender: "bert", senderKey: "bb".repeat(32), text: "👍\u202e" }];

Deno.test("messageText() names edits, deletions and reactions together with the text", () => {
  const shown: [MessageContent, string][] = [
    [{ text: "hello\nworld" }, "hello\n    world"],
    [{ text: "hello", edited: true, reactions }, "hello (edited) [👍\ufffd bert]"],
    [{ text: "", deleted: true }, "(message deleted)"],
    [{ text: "[image/png]", unsupported: true }, "(this version can not show this message) [image/png]"],
    [{ text: "", unsupported: true }, "(this version can not show this message)"],
  ];
  for (const [content, text] of shown) assert.equal(messageText(message(content)), text);
});

Deno.test("messageFields() contains the answered message and the reactions, without the device's keys", () => {
  const bare = { messageId: "07".repeat(16), sender: "anna", own: false, text: "hello" };
  assert.deepEqual(messageFields(message({ text: "hello" })), bare);
  const content = { text: "hello", edited: true as const, replyTo: { id: "02".repeat(32), order: "0" }, reactions };
  assert.deepEqual(messageFields(message(content)), {
    ...bare,
    edited: true,
    replyTo: "02".repeat(32),
    reactions: [{ sender: "bert", text: "👍\u202e" }],
  });
});
