import assert from "node:assert/strict";
import { isTimer } from "../../client/mls/group_data.ts";
import { setLanguage } from "../i18n/language.ts";
import { durationText, timerChoices } from "./duration_text.ts";

Deno.test("CONVERSATIONS: a duration is told in its largest whole unit, in the page's language", async () => {
  assert.deepEqual(timerChoices.map(durationText), [
    "30 seconds",
    "5 minutes",
    "1 hour",
    "8 hours",
    "1 day",
    "1 week",
    "4 weeks",
  ]);
  assert.equal(durationText(90_000), "90 seconds");
  await setLanguage("de");
  assert.equal(durationText(28 * 86_400_000), "4 Wochen");
  await setLanguage("en");
});

Deno.test("CONVERSATIONS: every duration that the page offers can be a chat's timer", () => {
  assert.ok(timerChoices.every(isTimer));
});
