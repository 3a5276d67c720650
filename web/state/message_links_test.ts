import assert from "node:assert/strict";
import { linksIn } from "./message_links.ts";

/** The text with its links set in angle brackets. */
function marked(text: string): string {
  let shown = "";
  let done = 0;
  for (const { start, end, text: link } of linksIn(text)) {
    assert.equal(text.slice(start, end), link);
    shown += `${text.slice(done, start)}<${link}>`;
    done = end;
  }
  return shown + text.slice(done);
}

Deno.test("linksIn() finds web addresses and leaves out the punctuation that ends the sentence", () => {
  assert.deepEqual(linksIn("See https://example.org/a?b=1. Or not"), [{
    start: 4,
    end: 29,
    text: "https://example.org/a?b=1",
    href: "https://example.org/a?b=1",
  }]);
  assert.equal(marked("(https://a.example/x) https://b.example!"), "(<https://a.example/x>) <https://b.example>!");
  assert.equal(marked("https://a.example/X_(film)"), "<https://a.example/X_(film)>");
});

Deno.test("CONVERSATIONS: an address without a scheme opens with https, and a mark behind it is no part of it", () => {
  assert.deepEqual(linksIn("example.org/a").map(({ href, host }) => [href, host]), [[
    "https://example.org/a",
    undefined,
  ]]);
  assert.equal(
    marked("**https://a.example/b_c** _www.example.org_"),
    "**<https://a.example/b_c>** _<www.example.org>_",
  );
  for (const text of ["localhost:8080", "anna@example.org", "mailto:anna@example.org", "1.5", "e.g."]) {
    assert.deepEqual(linksIn(text), [], text);
  }
});

Deno.test("linksIn() links only http and https", () => {
  for (const text of ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "https://", "<script>"]) {
    assert.deepEqual(linksIn(text), [], text);
  }
});

Deno.test("linksIn() shows the real address of a link with look-alike letters", () => {
  assert.match(linksIn("https://ехample.org/")[0].href, /^https:\/\/xn--/);
});

Deno.test("PEOPLE B8: a link that shows another host than it opens shows the real one, too", () => {
  const hostOf = (text: string) => linksIn(text).map(({ host }) => host);
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
    assert.deepEqual(linksIn(text), [], text);
  }
});

Deno.test("PEOPLE B8: what is glued to an address that hides something is no link either", () => {
  for (const text of ["https://a\u202eb.example/", "https://a\u200bwww.example.org", "x@www.example.org"]) {
    assert.deepEqual(linksIn(text), [], text);
  }
  assert.equal(marked("https://a\u202eb.example/ https://c.example"), "https://a\u202eb.example/ <https://c.example>");
});

Deno.test("PEOPLE B8: linksIn() takes a text of many brackets in one pass", () => {
  const startMs = performance.now();
  assert.equal(linksIn(`https://a.example/${")".repeat(120_000)}x`).length, 1);
  // A regular expression that tried each bracket to the end took a minute.
  assert.ok(performance.now() - startMs < 10_000);
  assert.equal(marked("see https://a.example/)."), "see <https://a.example/>).");
});
