import assert from "node:assert/strict";
import { Disposition, type NestedPart } from "../mimi_content.ts";
import { container, textBody } from "../body.ts";
import { example, messageId, received, salt } from "../testing/lines.ts";
import { textKind } from "./text.ts";

Deno.test("textKind.read() gives back what write() wrote, with any characters", () => {
  const text = "Grüße 🦆\n\u0000end";
  assert.deepEqual(textKind.read(received(textKind.write({ text }, salt))), { text });
});

Deno.test("textKind.read() reads the draft's example of a plain message", () => {
  const original = example("original");
  if (!original) return;
  assert.deepEqual(textKind.read(original), {
    text: "Hi everyone, we just shipped release 2.0. __Good  work__!",
  });
});

Deno.test("textKind.read() takes a body of an unknown disposition as a text (the draft's §8.1)", () => {
  assert.deepEqual(textKind.read(received(container(salt, textBody("hello", 200)))), { text: "hello" });
});

Deno.test("textKind.read() shows external parts and multiparts by what can be read of them", () => {
  const conferencing = example("conferencing");
  if (conferencing) {
    assert.deepEqual(textKind.read(conferencing), {
      text: "Join the Foo 118 conference https://example.com/join/12345",
    });
    assert.match(textKind.read(example("multipart-3")!)!.text, /<h1>Welcome!<\/h1>[\s\S]*\[image\/gif\]/);
  }
  const parts: NestedPart[] = [
    { ...textBody("<b>hi</b>"), contentType: "text/html" } as NestedPart,
    textBody("hi"),
  ];
  const alternatives: NestedPart = {
    disposition: Disposition.render,
    language: "",
    cardinality: "multi",
    semantics: "choose-one",
    parts,
  };
  assert.deepEqual(textKind.read(received(container(salt, alternatives))), { text: "hi" });
});

Deno.test("textKind.read() leaves replies, edits, deletes and bodies without a text to other kinds", () => {
  const body = textBody("hello");
  for (
    const other of [
      container(salt, body, { inReplyTo: messageId(1) }),
      container(salt, body, { replaces: messageId(1) }),
      container(salt, textBody("")),
      container(salt, { disposition: Disposition.render, language: "", cardinality: "null" }),
      container(salt, { ...body, contentType: "image/png" } as NestedPart),
    ]
  ) assert.equal(textKind.read(received(other)), undefined);
});

Deno.test("textKind.apply() makes a line, which counts as unread and is the chat list's preview", () => {
  assert.deepEqual(textKind.apply({ text: "hello" }), { kind: "append", content: { text: "hello" } });
  assert.equal(textKind.countsAsUnread, true);
  assert.deepEqual(textKind.preview({ text: "hello" }), { text: "hello" });
});
