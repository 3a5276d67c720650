import assert from "node:assert/strict";
import { type Language, setLanguage } from "./language.ts";
import { protectionWords } from "./protection_words.ts";

/** What docs/threat-model.md says that the server learns, in a word of each language. */
const learned: Record<Language, RegExp[]> = {
  en: [
    /account/,
    /devices/,
    /IP/,
    /in a chat with/,
    /rounded up/,
    /files/,
    /invite links/,
    /may write/,
    /reported/,
    /guess/,
  ],
  de: [
    /Konto/,
    /Geräten/,
    /IP/,
    /in einem Chat/,
    /aufgerundet/,
    /Dateien/,
    /Einladungslinks/,
    /schreiben darf/,
    /gemeldet/,
  ]
    .concat(/erraten/),
};

Deno.test("CONVERSATIONS: the page about protection says what the server knows, as the threat model does", async () => {
  for (const language of ["de", "en"] satisfies Language[]) {
    await setLanguage(language);
    const { how } = protectionWords().at(-1)!;
    for (const word of learned[language]) assert.match(how, word);
  }
});
