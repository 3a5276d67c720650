import assert from "node:assert/strict";
import { SealedStore } from "../storage/sealed_store.ts";
import { historyOf, sharedEpoch } from "./parting.ts";
import type { ChatRecord } from "./records.ts";
import { type Person, suite } from "./testing/person.ts";

async function moved(person: Person, chatId: string): Promise<void> {
  await person.until(async () => (await person.notices(chatId)).some((notice) => notice.startsWith("successor")), "the move");
}

suite("a group that a restored core parts", {
  "GRP-5.1: whoever went on in the channel of a restored core, as far as the others had been and further, comes into the successor of those; what was said there is said again": async ({ core, join }) => {
    const [anna, bert, carl, dora] = [await join("anna"), await join("bert"), await join("carl"), await join("dora")];
    const chatId = await anna.engine.startChat([bert, carl, dora].map(({ username }) => username), "The Long Walk");
    await Promise.all([bert, carl, dora].map((person) => person.sees(chatId)));
    await anna.engine.setRole(chatId, carl.username, "admin");
    await Promise.all([bert, carl, dora].map((person) => person.sees(chatId, ({ members }) => members.filter(({ role }) => role === "admin").length === 2)));
    await carl.says(chatId, "before the backup");
    await Promise.all([anna, bert, dora].map((person) => person.hears(chatId, carl.username, ["before the backup"])));
    const copy = await core.backup();
    const away = (person: Person, online: boolean) => {
      person.online = online;
      if (!online) person.disconnect();
    };
    for (const person of [carl, dora]) away(person, false);
    await anna.connected();
    await anna.engine.renameChat(chatId, "Seen by two");
    await bert.sees(chatId, ({ title }) => title === "Seen by two");
    for (const person of [carl, dora]) away(person, true);
    await core.restore(copy);
    const releases = await Promise.all([carl, dora].map(async (person) => core.delayWelcomes(await person.recipientKey())));
    await anna.says(chatId, "who is there?");
    await Promise.all([anna, bert].map((person) => moved(person, chatId)));
    await carl.says(chatId, "in the old epoch");
    await carl.settled(chatId);
    for (const title of ["Meanwhile", "Meanwhile, further"]) {
      await carl.engine.renameChat(chatId, title);
      await dora.sees(chatId, (chat) => chat.title === title);
    }
    await carl.says(chatId, "in the new one");
    await dora.hears(chatId, carl.username, ["before the backup", "in the old epoch", "in the new one"]);
    const { channelId } = (await new SealedStore(anna.storage.restarted(), anna.wrappingKey).get<ChatRecord>("groups", chatId))!;
    // What is to be sent again outlives a crash.
    let refused = 0;
    carl.refuses = (method) => method === "publish" && ++refused > 0;
    for (const [index, person] of [carl, dora].entries()) {
      await person.until(() => releases[index](channelId), "the Welcome");
      await moved(person, chatId);
      assert.deepEqual((await person.notices(chatId)).filter((notice) => /^(rejected|unreadable)/.test(notice)), []);
    }
    await carl.until(() => refused > 0, "a first try");
    await carl.crash();
    carl.refuses = () => false;
    await carl.connected();
    await carl.says(chatId, "here");
    for (const person of [anna, bert, dora]) await person.hears(chatId, carl.username, ["before the backup", "in the old epoch", "in the new one", "here"]);
    assert.deepEqual(await carl.texts(chatId), ["before the backup", "in the old epoch", "in the new one", "here"]);
    for (const person of [carl, dora]) {
      assert.ok((await person.notices(chatId)).includes("renamed Seen by two"), "what the move changed is shown");
      assert.equal((await person.chat(chatId))!.title, "Seen by two");
    }
  },

  "what was said after somebody was removed on the side that moves is not said again where that person is in the group once more": async ({ core, join }) => {
    const [anna, bert, carl, dora, eve] = [await join("anna"), await join("bert"), await join("carl"), await join("dora"), await join("eve")];
    const chatId = await anna.engine.startChat([bert, carl, dora, eve].map(({ username }) => username), "The Long Walk");
    await Promise.all([bert, carl, dora, eve].map((person) => person.sees(chatId)));
    await anna.engine.setRole(chatId, carl.username, "admin");
    await Promise.all([bert, carl, dora, eve].map((person) => person.sees(chatId, ({ members }) => members.filter(({ role }) => role === "admin").length === 2)));
    const copy = await core.backup();
    for (const person of [carl, dora, eve]) {
      person.online = false;
      person.disconnect();
    }
    await anna.connected();
    await anna.engine.renameChat(chatId, "Seen by two");
    await bert.sees(chatId, ({ title }) => title === "Seen by two");
    for (const person of [carl, dora]) person.online = true;
    await core.restore(copy);
    const releases = await Promise.all([carl, dora].map(async (person) => core.delayWelcomes(await person.recipientKey())));
    await anna.says(chatId, "who is there?");
    await Promise.all([anna, bert].map((person) => moved(person, chatId)));
    await carl.engine.removePerson(chatId, eve.username);
    await dora.sees(chatId, ({ members }) => members.length === 4);
    await carl.says(chatId, "about eve");
    await dora.hears(chatId, carl.username, ["about eve"]);
    const { channelId } = (await new SealedStore(anna.storage.restarted(), anna.wrappingKey).get<ChatRecord>("groups", chatId))!;
    for (const [index, person] of [carl, dora].entries()) {
      await person.until(() => releases[index](channelId), "the Welcome");
      await moved(person, chatId);
    }
    assert.ok((await carl.chat(chatId))!.members.some(({ username }) => username === eve.username), "the move undid the removal");
    await carl.says(chatId, "here");
    for (const person of [anna, bert]) await person.hears(chatId, carl.username, ["here"]);
    assert.deepEqual(await carl.texts(chatId, carl.username), ["about eve", "here"]);
  },

  "in a successor channel, too, one whose state of the group is gone is put back, and one who was removed is taken back": async ({ core, join }) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const chatId = await anna.engine.startChat([bert.username, carl.username], "The Long Walk");
    await Promise.all([bert, carl].map((person) => person.sees(chatId)));
    const copy = await core.backup();
    await Promise.all([anna, bert, carl].map((person) => person.connected()));
    await anna.engine.renameChat(chatId, "Lost by the core");
    await Promise.all([bert, carl].map((person) => person.sees(chatId, ({ title }) => title === "Lost by the core")));
    await core.restore(copy);
    await Promise.all([anna, bert, carl].map((person) => person.connected()));
    await anna.says(chatId, "who is there?");
    await Promise.all([anna, bert, carl].map((person) => moved(person, chatId)));
    await bert.engine.close();
    bert.storage = bert.storage.restarted();
    const store = new SealedStore(bert.storage, bert.wrappingKey);
    await store.takeFence();
    await store.write({ deletes: [{ store: "epochs", key: chatId }] });
    bert.storage = bert.storage.restarted();
    await bert.start();
    await bert.until(async () => (await bert.notices(chatId)).some((notice) => notice.startsWith("rejoined")), "being put back");
    await anna.engine.removePerson(chatId, carl.username);
    await carl.sees(chatId, ({ active }) => !active);
    await anna.engine.addPeople(chatId, [carl.username]);
    await carl.sees(chatId, ({ active }) => active);
    for (const person of [bert, carl]) {
      await person.says(chatId, `${person.username} is here`);
      await anna.hears(chatId, person.username, [`${person.username} is here`]);
      assert.deepEqual((await person.notices(chatId)).filter((notice) => notice.startsWith("rejected")), []);
    }
  },
});

Deno.test("sharedEpoch() is the last epoch that both have been in; unknown where nothing is named or nothing is in common", () => {
  const commits = (...made: [number, string][]) => made.map(([n, byte]) => ({ n, commitId: byte.repeat(16) }));
  const own = commits([1, "01"], [2, "02"], [3, "0a"], [4, "0b"]);
  assert.equal(sharedEpoch(historyOf(commits([1, "01"], [2, "02"], [3, "03"])), own), 2);
  assert.equal(sharedEpoch(historyOf(commits([3, "03"])), own), undefined);
  assert.equal(sharedEpoch(undefined, own), undefined);
});
