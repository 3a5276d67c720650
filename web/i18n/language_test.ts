import assert from "node:assert/strict";
import { LocalCode } from "../../client/api/errors.ts";
import { maxGroupName } from "../../client/api/profiles_api.ts";
import { codeName, ErrorCode } from "../../schema/rpc/errors.ts";
import { codesDe } from "./codes_de.ts";
import { codesEn } from "./codes_en.ts";
import { de } from "./de.ts";
import { en } from "./en.ts";
import { chooseLanguage, codeText, fill, plural, setLanguage, text, textOf } from "./language.ts";
import { mediaWords } from "./media_words.ts";

const placesOf = (sentence: string) => [...sentence.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

Deno.test("every sentence exists in both languages, with the same placeholders", () => {
  assert.deepEqual(Object.keys(de).sort(), Object.keys(en).sort());
  for (const key of Object.keys(en) as (keyof typeof en)[]) {
    assert.notEqual(de[key].trim(), "", key);
    assert.deepEqual(placesOf(de[key]), placesOf(en[key]), key);
  }
});

Deno.test("CONVERSATIONS: every sentence about files exists in both languages, with the same placeholders", () => {
  for (const key of Object.keys(mediaWords.en) as (keyof typeof mediaWords.en)[]) {
    assert.notEqual(mediaWords.de[key].trim(), "", key);
    assert.deepEqual(placesOf(mediaWords.de[key]), placesOf(mediaWords.en[key]), key);
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

Deno.test("CONVERSATIONS: codes and words of engineers stand in no sentence about a problem or a notice", () => {
  const engineers = /\b[EL]\d{3}\b|\{code\}|channel|cipher|quantum|malformed|hybrid|vault|Kanal|Quanten|Hybrid|Tresor/i;
  const sentences = [en, de].flatMap((catalogue) => Object.entries(catalogue))
    .concat(
      [codesEn, codesDe].flatMap((table) =>
        Object.entries(table).map(([code, { what, todo }]) => [code, `${what} ${todo}`] as [string, string])
      ),
    );
  for (const [key, sentence] of sentences) assert.doesNotMatch(sentence, engineers, key);
});

Deno.test("CONVERSATIONS: one thing has one word in German, and the user is called du", () => {
  const others =
    /Leute|Gespräch|stumm schalten|Details zu|den Details|\b(?:Ihnen|Ihrem|Ihren|können Sie|Sie können Ihr)\b/;
  const folder = new URL(".", import.meta.url);
  const pages = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) =>
    /(^de|_de|_words)\.ts$/.test(name)
  );
  assert.ok(pages.length > 10);
  for (const page of pages) assert.doesNotMatch(Deno.readTextFileSync(new URL(page, folder)), others, page);
});

Deno.test("CONVERSATIONS: the longest name of a group is the same in the fields, the sentences and the engine", () => {
  for (const { todo } of [codesEn.L026, codesDe.L026]) assert.ok(todo.includes(` ${maxGroupName} `), todo);
  for (const view of ["chats/new_chat.tsx", "members/group_name.tsx"]) {
    const source = Deno.readTextFileSync(new URL(`../views/${view}`, import.meta.url));
    assert.match(source, /maxlength=\{maxGroupName\}/, view);
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
    "timer-set",
    "timer-off",
    "described",
    "pictured",
    "rejoined",
    "unreadable",
    "rejected",
    "gap",
    "successor",
    "removed-by-server",
    "server-differs",
    "healed",
    "rolled-back",
    "server-behind",
    "left-behind",
    "promoted",
    "demoted",
    "not-added",
    "invited-only",
    "unopened",
    "reopened",
    "resent",
    "not-resent",
  ];
  for (const notice of notices) assert.ok(textOf(`notice.${notice}`, {}), notice);
  const others = ["removed-by-nobody", "someone", "no-name"];
  const keys = Object.keys(en).filter((key) => key.startsWith("notice."));
  const names = keys.map((key) => key.replace(/^notice\.(?:by-you\.|whom-you\.)?/, ""));
  assert.deepEqual(names.filter((name) => ![...notices, ...others].includes(name)), [], "a sentence of no notice");
});

Deno.test("chooseLanguage() takes the wished language, then the first known preferred one, then English", () => {
  assert.equal(chooseLanguage("de", ["en-GB"]), "de");
  assert.equal(chooseLanguage("xx", ["fr", "de-AT", "en"]), "de");
  assert.equal(chooseLanguage(null, ["en-US", "de"]), "en");
  assert.equal(chooseLanguage(null, ["fr"]), "en");
  assert.equal(chooseLanguage("constructor", []), "en");
});

Deno.test("text(), plural() and fill() fill placeholders, and values never become placeholders", async () => {
  await setLanguage("en");
  assert.equal(text("chat.send"), "Send");
  assert.equal(plural("chat.members", 1), "1 member");
  assert.equal(plural("chat.members", 2), "2 members");
  assert.equal(fill("{a} and {b}", { a: "{b}", b: "x" }), "{b} and x");
  assert.equal(fill("{toString}", {}), "{toString}");
});

Deno.test("CONVERSATIONS: setLanguage() loads a language for sentences and codes, and English comes back", async () => {
  await setLanguage("de");
  assert.equal(text("chat.send"), de["chat.send"]);
  assert.equal(codeText("E001").what, codesDe.E001.what);
  await setLanguage("en");
  assert.equal(text("chat.send"), "Send");
  assert.equal(codeText("E001").what, codesEn.E001.what);
});

Deno.test("codeText() gives the general sentence for a code that this version does not know", () => {
  assert.deepEqual(codeText("E999"), codesEn.L050);
});
