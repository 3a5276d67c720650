import assert from "node:assert/strict";
import { container, textBody } from "../body.ts";
import { Disposition, type NestedPart } from "../mimi_content.ts";
import { received, salt } from "../testing/lines.ts";
import { unsupportedKind } from "./unsupported.ts";

const picture = { ...textBody("?"), contentType: "image/png" } as NestedPart;
const nothing: NestedPart = { disposition: Disposition.render, language: "", cardinality: "null" };

Deno.test("unsupportedKind.read() reads anything, and names the types of its parts", () => {
  assert.deepEqual(unsupportedKind.read(received(container(salt, picture))), { text: "[image/png]" });
  assert.deepEqual(unsupportedKind.read(received(container(salt, nothing))), { text: "" });
});

Deno.test("unsupportedKind.apply() makes a line that says so, which counts as unread", () => {
  assert.deepEqual(unsupportedKind.apply({ text: "[image/png]" }), {
    kind: "append",
    content: { text: "[image/png]", unsupported: true },
  });
  assert.equal(unsupportedKind.countsAsUnread, true);
});

Deno.test("unsupportedKind.preview() says so of such lines alone", () => {
  assert.deepEqual(unsupportedKind.preview({ text: "", unsupported: true }), { text: "", unsupported: true });
  assert.equal(unsupportedKind.preview({ text: "hi" }), undefined);
});
