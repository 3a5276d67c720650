import assert from "node:assert/strict";
import type { MessageContent } from "../../api/engine_api.ts";
import { container, textBody } from "../body.ts";
import { Disposition, type NestedPart } from "../mimi_content.ts";
import { anna, bert, example, lineOfAnna, messageId, received, salt, signOf } from "../testing/lines.ts";
import { type EditContent, editKind } from "./edit.ts";

const replaces = messageId(3);
const read = (body: NestedPart) => editKind.read(received(container(salt, body, { replaces })))!;

Deno.test("editKind.read() gives back what write() wrote, and reads the draft's example", () => {
  const { text, replaces: target } = editKind.read(received(editKind.write({ text: "new words", replaces }, salt)))!;
  assert.deepEqual([text, target], ["new words", replaces]);
  const edit = example("edit");
  if (edit) assert.equal(editKind.read(edit)!.text, "Right on! _Congratulations_ y'all!");
});

Deno.test("editKind.read() leaves deletes and new messages to other kinds", () => {
  const nothing: NestedPart = { disposition: Disposition.render, language: "", cardinality: "null" };
  assert.equal(editKind.read(received(container(salt, nothing, { replaces }))), undefined);
  assert.equal(editKind.read(received(container(salt, textBody("hello")))), undefined);
});

Deno.test("editKind.apply() changes the text alone, and marks the line as edited", () => {
  const line = { text: "old", replyTo: { id: "01" }, reactions: [{ ...signOf(bert), text: "👍" }] };
  assert.deepEqual(editKind.apply(read(textBody("new words")), anna, lineOfAnna(line)), {
    kind: "change",
    content: { ...line, text: "new words", edited: true, versions: [{ text: "old", untilMs: 1 }] },
  });
  assert.equal(editKind.countsAsUnread, false);
});

Deno.test("editKind.apply() refuses another account, and changes no deleted or unknown message", () => {
  const edit = read(textBody("new words"));
  assert.deepEqual(editKind.apply(edit, bert, lineOfAnna({ text: "old" })), { kind: "refused" });
  assert.deepEqual(editKind.apply(edit, anna, lineOfAnna({ text: "", deleted: true })), { kind: "nothing" });
  assert.deepEqual(editKind.apply(edit, anna, undefined), { kind: "wait", edits: true });
});

Deno.test("editKind.apply() says so when the new body can not be shown, until an edit that can", () => {
  for (
    const [body, text] of [[{ ...textBody("?"), contentType: "image/png" } as NestedPart, "[image/png]"], [
      textBody(""),
      "",
    ]] as const
  ) {
    const content = { text, unsupported: true as const, edited: true as const };
    assert.deepEqual(editKind.apply(read(body), anna, lineOfAnna({ text: "old" })), {
      kind: "change",
      content: { ...content, versions: [{ text: "old", untilMs: 1 }] },
    });
    assert.deepEqual(editKind.apply(read(textBody("words")), anna, lineOfAnna(content)), {
      kind: "change",
      content: { text: "words", edited: true },
    });
  }
});

Deno.test("editKind.apply() adjusts a reaction of the same account, and no other's", () => {
  const others = [{ ...signOf(anna), text: "🎉" }];
  const line = lineOfAnna({ text: "hi", reactions: [{ ...signOf(bert), text: "👍" }, ...others] }, bert.id);
  const edit = read(textBody("🥳", Disposition.reaction));
  assert.deepEqual(editKind.apply(edit, bert, line), {
    kind: "change",
    content: { text: "hi", reactions: [{ ...signOf(bert), text: "🥳" }, ...others] },
    partId: bert.id,
  });
  assert.deepEqual(editKind.apply(edit, anna, line), { kind: "refused" });
  assert.deepEqual(editKind.apply(read(textBody("too long ".repeat(9))), bert, line), { kind: "nothing" });
  assert.deepEqual(editKind.apply(edit, bert, lineOfAnna({ text: "hi" }, bert.id)), { kind: "nothing" });
});

Deno.test("editKind.apply() lets no account have more signs than a reaction may, and each once", () => {
  const part = (text: string) => textBody(text, Disposition.reaction);
  const signs = (...texts: string[]) =>
    read({
      disposition: Disposition.reaction,
      language: "",
      cardinality: "multi",
      semantics: "process-all",
      parts: texts.map(part),
    });
  const earlier = { ...signOf(bert), id: "01".padEnd(64, "e") };
  const others = ["1", "2", "3", "4", "5", "6"].map((text) => ({ ...earlier, text }));
  const line = lineOfAnna({ text: "hi", reactions: [...others, { ...signOf(bert), text: "👍" }] }, bert.id);
  const shown = (edit: EditContent) => {
    const effect = editKind.apply(edit, bert, line);
    return effect.kind === "change" && effect.content.reactions!.map(({ text }) => text).join("");
  };
  assert.equal(shown(signs("a", "b", "c", "d", "e", "f", "g", "h")), "123456ab");
  assert.equal(shown(signs("6", "a", "a", "5", "b")), "123456ab");
  assert.equal(shown(signs("6", "5")), "123456");
});

Deno.test("CONVERSATIONS: an edited line keeps the newest 16 versions, of 32,768 characters in all", () => {
  let content: MessageContent = { text: "0" };
  const edit = (text: string) => {
    const effect = editKind.apply(read(textBody(text)), anna, lineOfAnna(content));
    assert.equal(effect.kind, "change");
    content = (effect as { content: MessageContent }).content;
  };
  for (let version = 1; version <= 20; version++) edit(String(version));
  assert.deepEqual(content.versions!.map(({ text }) => text), Array.from({ length: 16 }, (_, index) => `${index + 4}`));
  for (const letter of ["a", "b", "c"]) edit(letter.repeat(16_000));
  edit("the last");
  assert.deepEqual(content.versions!.map(({ text }) => text[0]), ["b", "c"]);
});
