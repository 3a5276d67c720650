import assert from "node:assert/strict";
import { contentOf, type MessageLine, withContent } from "./message_line.ts";

const place = {
  kind: "message" as const,
  messageId: "07".repeat(16),
  order: "00000000000a",
  sender: "anna",
  senderKey: "aa".repeat(32),
  own: true,
  atMs: 5,
};
const sent = { state: "sent" as const, content: new Uint8Array(3), sentIn: { epoch: 1, salt: new Uint8Array(16) } };
const content = { text: "secret", edited: true as const, replyTo: { id: "01" } };

Deno.test("contentOf() gives the content of a line without its place", () => {
  assert.deepEqual(contentOf({ ...place, ...sent, ...content }), content);
});

Deno.test("withContent() replaces all content of a line, and keeps the bytes for resending", () => {
  const changed = withContent({ ...place, ...sent, ...content }, { text: "new" });
  assert.deepEqual(changed, { ...place, ...sent, text: "new" });
});

Deno.test("withContent() leaves no content and no bytes of a deleted message", () => {
  const deleted = { text: "", deleted: true as const };
  const lines: [Partial<MessageLine>, MessageLine["state"]][] = [
    [sent, "sent"],
    [{ state: "waiting", content: new Uint8Array(3) }, "sent"],
    [{ state: "failed", errorCode: "E011" }, "sent"],
    [{ state: "received", own: false }, "received"],
    [{ state: "sent", elsewhere: true }, "sent"],
  ];
  for (const [fields, state] of lines) {
    const { own = true, elsewhere } = fields;
    assert.deepEqual(withContent({ ...place, ...content, ...fields } as MessageLine, deleted), {
      ...place,
      own,
      ...(elsewhere && { elsewhere }),
      state,
      ...deleted,
    });
  }
});
