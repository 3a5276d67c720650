import assert from "node:assert/strict";
import { utf8 } from "../../schema/bytes.ts";
import type { MessageContent } from "../api/engine_api.ts";
import { container, textBody } from "./body.ts";
import { Disposition, encodeMimiContent, type MimiContent, type NestedPart } from "./mimi_content.ts";
import { contentKinds, previewOf, readContent } from "./registry.ts";
import { draftExamples } from "./testing/examples.ts";
import { messageId, salt } from "./testing/lines.ts";

function kindOf(content: MimiContent): string {
  const result = readContent(encodeMimiContent(content));
  return result.kind === "read" ? result.message.kind : result.kind;
}

Deno.test("readContent() tells the draft's examples apart", () => {
  const all = draftExamples();
  if (!all) return;
  const kinds: Record<string, string> = {
    original: "text",
    mention: "reply",
    "mention-html": "reply",
    expiring: "text",
    attachment: "text",
    conferencing: "text",
    reply: "reply",
    reaction: "reaction",
    edit: "edit",
    delete: "delete",
    unlike: "delete",
    "multipart-1": "text",
    "multipart-2": "text",
    "multipart-3": "text",
  };
  for (const [name, kind] of Object.entries(kinds)) {
    const result = readContent(all.get(name)!);
    assert.equal(result.kind === "read" && result.message.kind, kind, name);
  }
});

Deno.test("readContent() finds a kind for every container, and no throw in any bytes", () => {
  const nothing: NestedPart = { disposition: Disposition.render, language: "", cardinality: "null" };
  assert.equal(kindOf(container(salt, nothing)), "unsupported");
  assert.equal(kindOf(container(salt, nothing, { inReplyTo: messageId(1) })), "unsupported");
  const long = textBody("not a reaction ".repeat(9), Disposition.reaction);
  assert.equal(kindOf(container(salt, long, { inReplyTo: messageId(1) })), "reply", "the draft's §5.3");
  for (const bytes of [utf8("hello"), new Uint8Array(), encodeMimiContent(container(salt, nothing)).subarray(1)]) {
    assert.equal(readContent(bytes).kind, "malformed");
  }
});

Deno.test("previewOf() says something of every line, at most 200 characters", () => {
  const lines: [MessageContent, ReturnType<typeof previewOf>][] = [
    [{ text: "x".repeat(300) }, { text: "x".repeat(200) }],
    [{ text: "an answer", replyTo: { id: "01" } }, { text: "an answer" }],
    [{ text: "", deleted: true }, { text: "", deleted: true }],
    [{ text: "[image/png]", unsupported: true, edited: true }, { text: "[image/png]", unsupported: true }],
  ];
  for (const [line, preview] of lines) assert.deepEqual(previewOf(line), preview);
});

Deno.test("the kinds have names of their own", () => {
  assert.equal(new Set(contentKinds.map(({ name }) => name)).size, contentKinds.length);
});
