import assert from "node:assert/strict";
import type { MessageContent } from "../client/api/engine_api.ts";
import { messageFields, messageText } from "./message_text.ts";
import { recordFields } from "./records.ts";

const message = (content: MessageContent) => ({
  kind: "message" as const,
  messageId: "07".repeat(16),
  order: "000000000001",
  sender: "anna",
  own: false,
  senderKey: "0b".repeat(32),
  atMs: 0,
  state: "received" as const,
  ...content,
});
const reactions = [{ id: "01".repeat(32), sender: "bert", senderKey: "bb".repeat(32), text: "👍\u202e" }];

Deno.test("messageText() says what became of a message beside its sender's name", () => {
  const shown: [MessageContent, string][] = [
    [{ text: "hello\nworld" }, "anna: hello\n    world"],
    [{ text: "hello", edited: true, reactions }, "anna (edited; bert 👍\ufffd): hello"],
    [{ text: "", deleted: true }, "anna (deleted):"],
    [{ text: "[image/png]", unsupported: true }, "anna (can not be shown by this version): [image/png]"],
    [{ text: "", unsupported: true }, "anna (can not be shown by this version):"],
    [{ text: "\u2800", blank: true }, "anna (nothing can be seen):"],
  ];
  for (const [content, text] of shown) assert.equal(messageText(message(content)), text);
  assert.equal(messageText({ ...message({ text: "hello", edited: true }), own: true }), "anna (you; edited): hello");
});

Deno.test("CONVERSATIONS: messageText() shows a poll with its votes, and no answer looks like votes", () => {
  const votes = [{ sender: "bert", senderKey: "bb".repeat(32), choices: [1], round: 1 }];
  const poll = { options: ["Sat (9: anna)", "Sun"], votes };
  assert.equal(
    messageText(message({ text: "When?", poll })),
    [
      "anna (poll): When?",
      "    1. (0) Sat (9: anna)",
      "    2. (1: bert) Sun",
    ].join("\n"),
  );
  assert.match(messageText(message({ text: "When?", poll: { ...poll, ended: true } })), /^anna \(poll, ended\):/);
  assert.deepEqual(messageFields(message({ text: "When?", poll })).poll, {
    options: poll.options,
    votes: [{ sender: "bert", choices: [1] }],
  });
});

Deno.test("PEOPLE A5: messageText() and messageFields() say that a message is from a removed device", () => {
  const marked = { ...message({ text: "hello" }), revokedDevice: true as const };
  assert.equal(messageText(marked), "anna (from a removed device): hello");
  assert.equal(messageFields(marked).revokedDevice, true);
  assert.equal(messageFields(message({ text: "hello" })).revokedDevice, undefined);
});

Deno.test("messageText() lets no text and no sign look like a mark", () => {
  const sign = (sender: string, text: string) => ({ ...reactions[0], sender, text });
  const marked: MessageContent[] = [
    { text: "we sell", edited: true, reactions: [sign("anna", "👍")] },
    { text: "we sell", reactions: [sign("anna", "👍"), sign("carl", "👎")] },
    { text: "we sell", reactions: [sign("carl", "👍"), sign("carl", "👎")] },
    { text: "", deleted: true },
    { text: "[image/png]", unsupported: true },
  ];
  const lines = marked.map((content) => messageText(message(content)));
  const texts = ["we sell (edited)", "we sell (edited) [👍 anna]", "(edited; anna 👍): we sell", "(message deleted)"];
  for (const text of [...texts, "(deleted):", "(can not be shown by this version): [image/png]"]) {
    assert.equal(messageText(message({ text })), `anna: ${text}`);
    assert.equal(lines.includes(messageText(message({ text }))), false, text);
  }
  const ends = [
    "; ",
    " ; ",
    "\uff1b ",
    ": ",
    "); ",
    "] [",
    ", ",
    " ",
    "\u00a0",
    "\u3000",
    "\u3164",
    "\u2800",
    "\ufe54",
  ];
  const signs = ends.flatMap((end) => [`👍${end}carl 👎`, `👍${end}edited`, `👍${end}): deleted`, `👍${end}anna 👍`]);
  for (const text of signs) {
    const line = messageText(message({ text: "we sell", reactions: [sign("carl", text)] }));
    assert.match(line, /^anna \(carl [^\s\p{Z}();:,[\]\u3164\u2800\ufe54\uff1b]+\): we sell$/u, text);
    assert.equal(lines.includes(line), false, text);
  }
  for (const text of ["👍", "👩🏽‍❤️‍💋‍👨🏿", "❤️", "#️⃣", "‼️", "+1", "ok", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"]) {
    assert.equal(messageText(message({ text: "hi", reactions: [sign("carl", text)] })), `anna (carl ${text}): hi`);
  }
});

Deno.test("messageFields() contains the answered message and the reactions, without the device's keys", () => {
  const printed = (content: MessageContent) => JSON.parse(JSON.stringify(messageFields(message(content))));
  const bare = { messageId: "07".repeat(16), sender: "anna", own: false, text: "hello" };
  assert.deepEqual(printed({ text: "hello" }), bare);
  const content = { text: "hello", edited: true as const, replyTo: { id: "02".repeat(32), order: "0" }, reactions };
  assert.deepEqual(printed(content), {
    ...bare,
    edited: true,
    replyTo: "02".repeat(32),
    reactions: [{ sender: "bert", text: "👍\u202e" }],
  });
});

Deno.test("messageFields() has the fields that the record promises, and no other", () => {
  const place = ["group", "groupId", "sentAt"];
  const promised = recordFields.message.map((name) => name.replace("?", "")).filter((name) => !place.includes(name));
  assert.deepEqual(Object.keys(messageFields(message({ text: "" }))).sort(), promised.sort());
});
