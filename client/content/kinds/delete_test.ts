import assert from "node:assert/strict";
import { container, textBody } from "../body.ts";
import { anna, bert, example, lineOfAnna, messageId, received, salt, signOf } from "../testing/lines.ts";
import { deleteKind } from "./delete.ts";

const replaces = messageId(3);

Deno.test("deleteKind.read() gives back what write() wrote, and reads the draft's examples", () => {
  assert.deepEqual(deleteKind.read(received(deleteKind.write({ replaces }, salt))), { replaces });
  for (const name of ["delete", "unlike"]) {
    const content = example(name);
    if (content) assert.deepEqual(deleteKind.read(content), { replaces: content.replaces }, name);
  }
});

Deno.test("deleteKind.read() leaves edits to another kind", () => {
  assert.equal(deleteKind.read(received(container(salt, textBody("new"), { replaces }))), undefined);
});

Deno.test("deleteKind.apply() leaves nothing of the message in its line", () => {
  const line = lineOfAnna({
    text: "secret",
    edited: true,
    replyTo: { id: "01" },
    reactions: [{ ...signOf(bert), text: "👍" }],
  });
  assert.deepEqual(deleteKind.apply({ replaces }, anna, line), {
    kind: "change",
    content: { text: "", deleted: true },
  });
  assert.equal(deleteKind.countsAsUnread, false);
});

Deno.test("deleteKind.apply() refuses another account, waits for an unknown message, and does nothing twice", () => {
  assert.deepEqual(deleteKind.apply({ replaces }, bert, lineOfAnna({ text: "secret" })), { kind: "refused" });
  assert.deepEqual(deleteKind.apply({ replaces }, anna, undefined), { kind: "wait", deletes: true });
  assert.deepEqual(deleteKind.apply({ replaces }, anna, lineOfAnna({ text: "", deleted: true })), { kind: "nothing" });
});

Deno.test("deleteKind.apply() takes a reaction back, all signs that came with it, and leaves the message", () => {
  const reactions = [{ ...signOf(bert), text: "👍" }, { ...signOf(anna), text: "🎉" }, { ...signOf(bert), text: "🥳" }];
  const line = lineOfAnna({ text: "hi", reactions }, bert.id);
  assert.deepEqual(deleteKind.apply({ replaces }, bert, line), {
    kind: "change",
    content: { text: "hi", reactions: [{ ...signOf(anna), text: "🎉" }] },
  });
  assert.deepEqual(deleteKind.apply({ replaces }, anna, line), { kind: "refused" });
  const last = lineOfAnna({ text: "hi", reactions: [reactions[0]] }, bert.id);
  assert.deepEqual(deleteKind.apply({ replaces }, bert, last), { kind: "change", content: { text: "hi" } });
  const gone = lineOfAnna({ text: "hi" }, bert.id);
  assert.deepEqual(deleteKind.apply({ replaces }, bert, gone), { kind: "nothing" }, "never the message in its place");
});

Deno.test("deleteKind.preview() says that the message was deleted, of deleted lines alone", () => {
  assert.deepEqual(deleteKind.preview({ text: "", deleted: true }), { text: "", deleted: true });
  assert.equal(deleteKind.preview({ text: "hi" }), undefined);
});
