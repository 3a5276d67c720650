/** The list of chats with whole engines: what its user decides about chats, and chats that are deleted here. */

import assert from "node:assert/strict";
import { EngineError } from "../api/errors.ts";
import { type Person, suite } from "../testing/person.ts";
import type { StoreName } from "../storage/storage.ts";

const refused = (work: Promise<unknown>, code: string) =>
  assert.rejects(work, (error) => error instanceof EngineError && error.problem.code === code);

/** @returns the titles in the order of the list */
const titles = async (person: Person) => (await person.engine.chats()).map(({ title }) => title);

const countOf = async (person: Person, store: StoreName, prefix: string) =>
  (await person.storage.range(store, prefix)).length;

suite("the list of chats", {
  "CONVERSATIONS: pins, archive, mute and the mark unread outlive the process, and a second tab hears of them": async (
    { join },
  ) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const ids: string[] = [];
    for (const name of ["one", "two", "three"]) ids.push(await anna.engine.startChat([bert.username], name));
    await anna.engine.changeChat(ids[0], { pinned: true });
    await anna.engine.changeChat(ids[1], { pinned: true, muted: "always" });
    await anna.engine.changeChat(ids[2], { markedUnread: true });
    assert.deepEqual(await titles(anna), ["one", "two", "three"]);
    await anna.engine.movePinned(ids[1], ids[0]);
    assert.deepEqual(await titles(anna), ["two", "one", "three"]);
    await anna.until(
      () => anna.events.some((event) => event.kind === "chats" && event.chats.at(0)?.title === "two"),
      "the event with the new order",
    );
    await anna.engine.movePinned(ids[1]);
    await anna.engine.changeChat(ids[0], { archived: true });
    await anna.crash();
    const [two, three, one] = await anna.engine.chats();
    assert.deepEqual([two.title, three.title, one.title], ["two", "three", "one"]);
    assert.deepEqual([two.muted, three.markedUnread, one.archived, one.pinned], [{}, true, true, undefined]);
    assert.match(await exportOf(anna), /"mutedUntil":"always"/);
    await refused(anna.engine.changeChat("00".repeat(32), { pinned: true }), "L010");
    assert.equal((await bert.engine.chats()).some(({ pinned }) => pinned !== undefined), false);
  },

  "CONVERSATIONS: a message brings an archived chat back, a muted one stays, and a mention gets through": async (
    { join },
  ) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username]);
    await bert.sees(chatId);
    await bert.engine.acceptInvitation(chatId);
    await anna.engine.changeChat(chatId, { archived: true });
    await bert.says(chatId, "hello");
    await anna.sees(chatId, ({ archived, unread }) => !archived && unread === 1);
    await anna.engine.changeChat(chatId, { archived: true, muted: "week" });
    await bert.says(chatId, "hello again");
    await anna.sees(chatId, ({ unread }) => unread === 2);
    assert.equal((await anna.chat(chatId))!.archived, true);
    await bert.says(chatId, `do look, @${anna.username}!`);
    await anna.sees(chatId, ({ archived, mentions }) => !archived && mentions === 1);
    await anna.readsAll(chatId);
    await anna.sees(chatId, ({ unread, mentions }) => unread === 0 && mentions === undefined);
  },

  "CONVERSATIONS: a device that comes does not make a chat the newest": async ({ core, join }) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const first = await anna.engine.startChat([bert.username]);
    const second = await anna.engine.startChat([carl.username]);
    await bert.sees(first);
    await bert.engine.acceptInvitation(first);
    const device = await bert.secondDevice(core);
    await anna.until(
      async () => (await anna.notices(first)).some((notice) => notice.startsWith("device-added")),
      "the new device",
    );
    assert.deepEqual((await anna.engine.chats()).map(({ chatId }) => chatId), [second, first]);
    await device.close();
  },

  "CONVERSATIONS: a deleted chat is gone from this device until something new happens in it": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username]);
    await bert.sees(chatId);
    await refused(bert.engine.deleteChat(chatId), "L043");
    await bert.engine.acceptInvitation(chatId);
    await bert.says(chatId, "the secret place");
    await anna.hears(chatId, bert.username, ["the secret place"]);
    await anna.says(chatId, "I see");
    await anna.settled(chatId);
    anna.online = false;
    anna.disconnect();
    await anna.says(chatId, "not to be sent");
    await anna.engine.keepDraft(chatId, "more");
    await anna.engine.deleteChat(chatId);
    assert.deepEqual(await anna.engine.chats(), []);
    assert.deepEqual(await anna.items(chatId), []);
    for (const [store, prefix] of [["messages", ""], ["messageids", `${chatId}/mimi/`], ["outbox", ""]] as const) {
      assert.equal(await countOf(anna, store, prefix), 0, store);
    }
    assert.equal(await countOf(anna, "account", "draft/"), 0);
    assert.equal(anna.events.some((event) => event.kind === "reread" && event.chatId === chatId), true);
    await anna.crash();
    assert.deepEqual(await anna.engine.chats(), []);
    anna.online = true;
    await anna.engine.wake();
    await anna.connected();
    await bert.says(chatId, "still there?");
    const chat = await anna.sees(chatId, ({ unread }) => unread === 1);
    assert.equal(chat.lastMessage!.text, "still there?");
    assert.deepEqual(await anna.texts(chatId), ["still there?"]);
    await anna.says(chatId, "yes");
    await bert.hears(chatId, anna.username, ["I see", "yes"]);
  },

  "CONVERSATIONS: a chat that was deleted here opens again, empty, for the person's name": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username]);
    await anna.says(chatId, "hello");
    await anna.settled(chatId);
    await anna.engine.deleteChat(chatId);
    assert.equal(await anna.engine.startChat([bert.username]), chatId);
    assert.deepEqual([await titles(anna), await anna.texts(chatId)], [[bert.username], []]);
  },

  "CONVERSATIONS: declined and left chats can be taken out of the list for good": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username], "hikers");
    await bert.sees(chatId);
    await bert.engine.leaveChat(chatId);
    await bert.sees(chatId, ({ active }) => !active);
    await bert.engine.deleteChat(chatId);
    assert.deepEqual(await bert.engine.chats(), []);
    await bert.crash();
    assert.deepEqual(await bert.engine.chats(), []);
    // Its wish to leave is a request until somebody has taken it out.
    await anna.sees(chatId, ({ members }) => members.length === 1);
    await anna.engine.addPeople(chatId, [bert.username]);
    assert.equal((await bert.sees(chatId)).invitation, true, "who is asked again sees it");
  },
});

async function exportOf(person: Person): Promise<string> {
  let [text, from] = ["", undefined as string | undefined];
  do {
    const part = await person.engine.exportPart(from);
    text += part.lines;
    from = part.next;
  } while (from !== undefined);
  return text;
}
