import assert from "node:assert/strict";
import { toHex } from "../../../schema/bytes.ts";
import { container, textBody } from "../body.ts";
import { bert, example, lineOfAnna, messageId, received, salt } from "../testing/lines.ts";
import { replyKind } from "./reply.ts";

const inReplyTo = messageId(3);

Deno.test("replyKind.read() gives back what write() wrote, and reads the draft's example", () => {
  assert.deepEqual(replyKind.read(received(replyKind.write({ text: "yes", inReplyTo }, salt))), {
    text: "yes",
    inReplyTo,
  });
  const reply = example("reply");
  if (!reply) return;
  const { text, inReplyTo: answered } = replyKind.read(reply)!;
  assert.equal(text, "Right on! _Congratulations_ 'all!");
  assert.equal(answered.length, 32);
});

Deno.test("replyKind.read() leaves plain texts and edits of replies to other kinds", () => {
  assert.equal(replyKind.read(received(container(salt, textBody("hello")))), undefined);
  const edit = container(salt, textBody("hello"), { inReplyTo, replaces: messageId(1) });
  assert.equal(replyKind.read(received(edit)), undefined);
});

Deno.test("replyKind.apply() makes a line that names its original by place, and never repeats what that says", () => {
  const effect = replyKind.apply({ text: "yes", inReplyTo }, bert, lineOfAnna({ text: "secret" }));
  assert.deepEqual(effect, {
    kind: "append",
    content: { text: "yes", replyTo: { id: toHex(inReplyTo), order: "00000000000a", messageId: "0a".repeat(16) } },
  });
  assert.equal(replyKind.countsAsUnread, true);
});

Deno.test("replyKind.apply() makes a line at once when its original is not known", () => {
  assert.deepEqual(replyKind.apply({ text: "yes", inReplyTo }, bert, undefined), {
    kind: "append",
    content: { text: "yes", replyTo: { id: toHex(inReplyTo) } },
  });
});
