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

Deno.test("PEOPLE B8: a link that shows another host than it opens shows the real one, too", () => {
  const hostOf = (text: string) => partsOf(text).map(({ host }) => host);
  assert.match(hostOf("https://ехample.org/")[0]!, /^xn--ample-[a-z0-9]+\.org$/);
  assert.deepEqual(hostOf("https://münchen.example/"), ["xn--mnchen-3ya.example"]);
  assert.deepEqual(hostOf("https://0x7f.1/"), ["127.0.0.1"]);
  assert.deepEqual(hostOf("https://ex%61mple.org/"), ["example.org"]);
  assert.deepEqual(hostOf("https:////evil.example/"), ["evil.example"]);
  assert.deepEqual(hostOf("https://Example.org/a"), [undefined]);
  assert.deepEqual(hostOf("https://example.org:443/a"), [undefined]);
  assert.deepEqual(hostOf("http://example.org:8080/a"), [undefined]);
});

Deno.test("PEOPLE B8: an address that hides where it leads is no link", () => {
  const bad = [
    "https://bank.example@evil.example/",
    "https://bank.example:1@evil.example",
    "https://a\u2067b.example/",
  ];
  for (const text of [...bad, "https://a.example/\u2066x", "https://exa\u00admple.org", "https://a.example/\u200bx"]) {
    assert.deepEqual(partsOf(text), [{ text }]);
  }
});

Deno.test("PEOPLE B8: nothing in a text turns round the letters that the app writes behind it", () => {
  assert.deepEqual(partsOf("https://a\u202eb.example/"), [{ text: "https://ab.example/" }]);
  assert.deepEqual(partsOf("\u202dsee\u202e https://a.example שלום"), [
    { text: "see " },
    { text: "https://a.example", href: "https://a.example/" },
    { text: " שלום" },
  ]);
});

Deno.test("PEOPLE B8: partsOf() takes a text of many brackets in one pass", () => {
  const text = `https://a.example/${")".repeat(120_000)}x`;
  const startMs = performance.now();
  assert.equal(partsOf(text).map((part) => part.text).join(""), text);
  // A regular expression that tried each bracket to the end took a minute.
  assert.ok(performance.now() - startMs < 5_000);
  assert.deepEqual(partsOf("see https://a.example/).").map((part) => part.text), ["see ", "https://a.example/", ")."]);
});
