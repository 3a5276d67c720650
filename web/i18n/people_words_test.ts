import assert from "node:assert/strict";
import { fill, type Language, setLanguage } from "./language.ts";
import { peopleWords } from "./people_words.ts";

Deno.test("CONVERSATIONS: each button that makes a link invalid names its link, beginning with the seen words", async () => {
  for (const language of ["de", "en"] satisfies Language[]) {
    await setLanguage(language);
    const { revoke, revokeNamed } = peopleWords();
    const names = [1, 2].map((at) => fill(revokeNamed, { at, count: 2, date: "3 May" }));
    assert.equal(new Set(names).size, 2, language);
    for (const name of names) assert.ok(name.startsWith(revoke) && name.includes("3 May") && !name.includes("{"), name);
  }
});
