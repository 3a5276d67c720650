import assert from "node:assert/strict";
import { setLanguage } from "../i18n/language.ts";
import { wordsOf } from "./message_words.ts";

Deno.test("wordsOf() gives the text, or the sentence that replaces it, in the page's language", () => {
  assert.equal(wordsOf({ text: "hello" }), "hello");
  assert.equal(wordsOf({ text: "", deleted: true }), "Message deleted");
  assert.equal(
    wordsOf({ text: "[image/png]", unsupported: true }),
    "This version can not show this message [image/png]",
  );
  assert.equal(wordsOf({ text: "", unsupported: true }), "This version can not show this message");
  setLanguage("de");
  assert.equal(wordsOf({ text: "", deleted: true }), "Nachricht gelöscht");
  setLanguage("en");
});
