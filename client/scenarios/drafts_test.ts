/** Drafts with whole engines. */

import assert from "node:assert/strict";
import { suite } from "../testing/person.ts";

suite("a draft", {
  "PEOPLE B7: is in the list of chats, outlives the process, and goes with the message that it becomes": async (
    { join },
  ) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username]);
    await bert.sees(chatId);
    await anna.engine.keepDraft(chatId, "to be");
    const listed = () => anna.events.flatMap((event) => event.kind === "chats" ? [event.chats[0]?.draft] : []).at(-1);
    await anna.until(() => listed() === "to be", "the list with the draft");
    await anna.crash();
    assert.equal((await anna.chat(chatId))?.draft, "to be");
    await anna.says(chatId, "to be or not to be");
    await bert.hears(chatId, anna.username, ["to be or not to be"]);
    assert.equal((await anna.chat(chatId))?.draft, undefined);
    await anna.until(() => listed() === undefined, "the list without the draft");
    await anna.crash();
    assert.equal((await anna.chat(chatId))?.draft, undefined);
    assert.equal((await bert.chat(chatId))?.draft, undefined, "nobody else has it");
  },

  "PEOPLE B7: is gone when the device signs out": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username]);
    await anna.engine.keepDraft(chatId, "nobody's business");
    await anna.engine.signOut();
    assert.deepEqual(await anna.storage.range("account", "draft/"), []);
  },
});
