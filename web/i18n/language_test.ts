import assert from "node:assert/strict";
import { LocalCode } from "../../client/api/errors.ts";
import { codeName, ErrorCode } from "../../schema/rpc/errors.ts";
import { codesDe } from "./codes_de.ts";
import { codesEn } from "./codes_en.ts";
import { de } from "./de.ts";
import { en } from "./en.ts";
import { chooseLanguage, codeText, fill, plural, setLanguage, text, textOf } from "./language.ts";

const placesOf = (sentence: string) => [...sentence.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

Deno.test("every sentence exists in both languages, with the same placeholders", () => {
  assert.deepEqual(Object.keys(de).sort(), Object.keys(en).sort());
  for (const key of Object.keys(en) as (keyof typeof en)[]) {
    assert.notEqual(de[key].trim(), "", key);
    assert.deepEqual(placesOf(de[key]), placesOf(en[key]), key);
  }
});

Deno.test("every code of the wire and of the engine has both sentences in both languages", () => {
  const codes = [
    ...Object.values(ErrorCode).map(codeName),
    ...Object.values(LocalCode),
    "evicted",
    "deleted",
    "revoked",
  ];
  for (const table of [codesEn, codesDe] as Record<string, { what: string; todo: string }>[]) {
    assert.deepEqual(Object.keys(table).sort(), [...codes].sort());
    for (const code of codes) {
      assert.match(table[code].what, /\.$/, code);
      assert.match(table[code].todo, /\.$/, code);
    }
  }
});

Deno.test("docs/errors.md has a line for each code of the wire and of the engine, and no other", () => {
  const page = Deno.readTextFileSync(new URL("../../docs/errors.md", import.meta.url));
  const listed = [...page.matchAll(/^\| ([EL]\d{3}) /gm)].map(([, code]) => code);
  const codes = [...Object.values(ErrorCode).map(codeName), ...Object.values(LocalCode)];
  assert.deepEqual(listed, codes.sort());
});

Deno.test("every notice of the engine has a sentence", () => {
  const notices = [
    "created",
    "added",
    "removed",
    "left",
    "device-added",
    "device-removed",
    "renamed",
    "rejoined",
    "unreadable",
    "rejected",
    "gap",
    "successor",
    "key-changed",
    "removed-by-server",
    "server-differs",
    "healed",
    "rolled-back",
    "server-behind",
    "left-behind",
    "promoted",
    "demoted",
    "not-added",
    "unopened",
    "reopened",
    "resent",
    "not-resent",
  ];
  for (const notice of notices) assert.ok(textOf(`notice.${notice}`, {}), notice);
});

Deno.test("chooseLanguage() takes the wished language, then the first known preferred one, then English", () => {
  assert.equal(chooseLanguage("de", ["en-GB"]), "de");
  assert.equal(chooseLanguage("xx", ["fr", "de-AT", "en"]), "de");
  assert.equal(chooseLanguage(null, ["en-US", "de"]), "en");
  assert.equal(chooseLanguage(null, ["fr"]), "en");
  assert.equal(chooseLanguage("constructor", []), "en");
});

Deno.test("text(), plural() and fill() fill placeholders, and values never become placeholders", () => {
  setLanguage("en");
  assert.equal(text("chat.send"), "Send");
  assert.equal(plural("chat.members", 1), "1 member");
  assert.equal(plural("chat.members", 2), "2 members");
  assert.equal(fill("{a} and {b}", { a: "{b}", b: "x" }), "{b} and x");
  assert.equal(fill("{toString}", {}), "{toString}");
});

Deno.test("codeText() gives the general sentence for a code that this version does not know", () => {
  assert.deepEqual(codeText("E999"), codesEn.L050);
});
