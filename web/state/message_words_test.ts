import assert from "node:assert/strict";
import { setLanguage } from "../i18n/language.ts";
import { wordsOf } from "./message_words.ts";

Deno.test("wordsOf() gives the text, or the sentence that replaces it, in the page's language", async () => {
  assert.equal(wordsOf({ text: "hello" }), "hello");
  assert.equal(wordsOf({ text: "", deleted: true }), "This message was deleted");
  assert.equal(
    wordsOf({ text: "[image/png]", unsupported: true }),
    "This version can not show this message [image/png]",
  );
  assert.equal(wordsOf({ text: "", unsupported: true }), "This version can not show this message");
  await setLanguage("de");
  assert.equal(wordsOf({ text: "", deleted: true }), "Diese Nachricht wurde gelöscht");
  await setLanguage("en");
});

Deno.test("CONVERSATIONS: files without a text are named as people speak of them, in list and quotes", () => {
  const words = (kind: "image" | "video" | "voice" | "audio" | "file", count = 1) =>
    wordsOf({ text: "", attached: { kind, name: "x.bin", count } });
  assert.deepEqual(["image", "video", "voice", "audio", "file"].map((kind) => words(kind as "file")), [
    ...["Photo", "Video", "Voice message", "x.bin", "x.bin"],
  ]);
  assert.equal(words("image", 12), "12 files");
  assert.equal(wordsOf({ text: "look", attached: { kind: "image", name: "x.jpg", count: 1 } }), "look");
});
