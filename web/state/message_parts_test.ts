import assert from "node:assert/strict";
import { partsOf } from "./message_parts.ts";

Deno.test("partsOf() finds web addresses and leaves out the punctuation that ends the sentence", () => {
  assert.deepEqual(partsOf("See https://example.org/a?b=1. Or not"), [{ text: "See " }, {
    text: "https://example.org/a?b=1",
    href: "https://example.org/a?b=1",
  }, { text: ". Or not" }]);
});

Deno.test("partsOf() links only http and https", () => {
  for (const text of ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "https://", "<script>"]) {
    assert.ok(partsOf(text).every(({ href }) => href === undefined), text);
  }
});

Deno.test("partsOf() loses no character", () => {
  for (
    const text of [
      "",
      "plain",
      "https://a.example https://b.example!",
      "(https://a.example/x)",
      "ünï https://ä.example/ö\nend",
    ]
  ) {
    assert.equal(partsOf(text).map((part) => part.text).join(""), text);
  }
});

Deno.test("partsOf() shows the real address of a link with look-alike letters", () => {
  assert.match(partsOf("https://ехample.org/")[0].href!, /^https:\/\/xn--/);
});
