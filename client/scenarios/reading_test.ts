/** What is unread, with whole engines. */

import assert from "node:assert/strict";
import { type Person, suite } from "../testing/person.ts";

/** @returns the number of unread messages, and the text of the first one */
async function unreadOf(person: Person, chatId: string): Promise<[number, string | undefined]> {
  const { unread, unreadFrom } = (await person.chat(chatId))!;
  const first = (await person.items(chatId)).find(({ order }) => order === unreadFrom);
  return [unread, first?.kind === "message" ? first.text : undefined];
}

async function placeOf(person: Person, chatId: string, text: string): Promise<string> {
  return (await person.items(chatId)).find((item) => item.kind === "message" && item.text === text)!.order;
}

suite("what is unread", {
  "PEOPLE B6: is what stands behind the place up to which was read, after a restart, too": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username], "group");
    const texts = Array.from({ length: 230 }, (_, index) => `line ${index}`);
    for (const text of texts) await anna.says(chatId, text);
    await bert.hears(chatId, anna.username, texts);
    // Lines of the devices, and own messages, are never unread.
    await anna.engine.renameChat(chatId, "renamed");
    await bert.says(chatId, "own");
    await anna.says(chatId, "last");
    await bert.hears(chatId, anna.username, [...texts, "last"]);
    assert.deepEqual(await unreadOf(bert, chatId), [231, "line 0"], "an answer marks nothing as read");
    await bert.crash();
    assert.deepEqual(await unreadOf(bert, chatId), [231, "line 0"]);
    await bert.engine.markRead(chatId, await placeOf(bert, chatId, "line 29"));
    assert.deepEqual(await unreadOf(bert, chatId), [201, "line 30"]);
    await bert.engine.markRead(chatId, await placeOf(bert, chatId, "line 9"));
    assert.deepEqual(await unreadOf(bert, chatId), [201, "line 30"], "what was read stays read");
    const seen = await placeOf(bert, chatId, "last");
    await anna.says(chatId, "not in view yet");
    await bert.sees(chatId, ({ unread }) => unread === 202);
    await bert.engine.markRead(chatId, seen);
    assert.deepEqual(await unreadOf(bert, chatId), [1, "not in view yet"]);
    await bert.crash();
    assert.deepEqual(await unreadOf(bert, chatId), [1, "not in view yet"]);
    await bert.readsAll(chatId);
    assert.deepEqual(await unreadOf(bert, chatId), [0, undefined]);
    assert.deepEqual(await unreadOf(anna, chatId), [1, "own"]);
  },
});
