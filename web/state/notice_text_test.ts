import assert from "node:assert/strict";
import type { NoticeItem } from "../../client/api/engine_api.ts";
import { setLanguage } from "../i18n/language.ts";
import { isWarning, noticeText } from "./notice_text.ts";

const notice = (kind: NoticeItem["notice"], values: Record<string, string>): NoticeItem => ({
  kind: "notice",
  notice: kind,
  values,
  order: "1",
  atMs: 1,
});
const names: Record<string, string> = { bob: "Bob Marsh", mara: "Mara Olsen" };
const nameOf = (username: string) => names[username] ?? username;
const said = (kind: NoticeItem["notice"], values: Record<string, string>) =>
  noticeText(notice(kind, values), "mara", nameOf);

Deno.test("CONVERSATIONS: notices name people as they are shown, each name set apart", async () => {
  await setLanguage("en");
  assert.equal(said("added", { by: "bob", who: "carol" }), "\u2068Bob Marsh\u2069 added carol");
  assert.equal(said("renamed", { by: "carol", name: "Choir" }), "carol renamed the group to “Choir”");
});

Deno.test("CONVERSATIONS: notices say you, someone, and that a name can not be seen", async () => {
  await setLanguage("en");
  assert.equal(said("removed", { by: "mara", who: "bob" }), "You removed \u2068Bob Marsh\u2069");
  assert.equal(said("added", { by: "bob", who: "mara" }), "\u2068Bob Marsh\u2069 added you");
  assert.equal(said("removed", { who: "bob" }), "\u2068Bob Marsh\u2069 was removed");
  assert.equal(said("added", { who: "carol" }), "someone added carol");
  assert.equal(said("renamed", { by: "bob", name: "" }).endsWith("“a name that nobody can see”"), true);
});

Deno.test("CONVERSATIONS: what a reader must not overlook is a warning", () => {
  assert.equal(isWarning(notice("removed-by-server", { who: "bob" })), true);
  assert.equal(isWarning(notice("left", { who: "bob" })), false);
});
