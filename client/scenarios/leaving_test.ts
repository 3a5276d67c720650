import assert from "node:assert/strict";
import { type Person, suite } from "../testing/person.ts";
import { SealedStore } from "../storage/sealed_store.ts";
import { toHex } from "../../schema/bytes.ts";
import { random } from "../testing/hostile_member.ts";
import { outsider } from "../testing/outsider.ts";
import { forgeReplacement, replaceableGroup } from "../testing/replacement.ts";
import type { TestCore } from "../testing/core.ts";

suite("a member who speaks and leaves", {
  "messages that wait when their sender leaves are read by all, and then the sender is out": async ({ join }) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const chatId = await anna.engine.startChat([bert.username, carl.username], "The Long Walk");
    await Promise.all([bert, carl].map((person) => person.sees(chatId)));
    await bert.connected();
    goOffline(bert);
    const texts = Array.from({ length: 8 }, (_, n) => `word ${n}`);
    for (const text of texts) await bert.says(chatId, text);
    // They were sealed in the epoch before.
    await anna.engine.renameChat(chatId, "Home");
    bert.online = true;
    await bert.sees(chatId, ({ title }) => title === "Home");
    await bert.engine.leaveChat(chatId);
    await bert.sees(chatId, ({ active }) => !active);
    for (const person of [anna, carl]) await person.hears(chatId, bert.username, texts);
    assert.deepEqual(await states(bert, chatId), Array(texts.length).fill("sent"));
  },

  "a request to leave that a restored core has lost is made again": async ({ core, join }) => {
    const [anna, bert, carl, chatId, copy] = await backedUp(core, join);
    await bert.engine.leaveChat(chatId);
    await taken(core, bert, chatId, 1);
    await core.restore(copy);
    await bert.connected();
    for (const person of [anna, carl]) person.online = true;
    await bert.sees(chatId, ({ active }) => !active);
    await anna.sees(chatId, ({ members }) => members.length === 2);
    assert.equal((await anna.notices(chatId)).at(-1), `left ${bert.username}`);
    const disk = new SealedStore(bert.storage.restarted(), bert.wrappingKey);
    assert.equal(await disk.get("epochs", `${chatId}/leave`), undefined);
  },

  "what was said before a request to leave is not overtaken by it when a restored core has lost both": async (
    { core, join },
  ) => {
    const [anna, bert, carl, chatId, copy] = await backedUp(core, join);
    await bert.says(chatId, "good bye");
    await bert.settled(chatId);
    await bert.engine.leaveChat(chatId);
    await taken(core, bert, chatId, 2);
    await core.restore(copy);
    await bert.connected();
    for (const person of [anna, carl]) person.online = true;
    await bert.sees(chatId, ({ active }) => !active);
    for (const person of [anna, carl]) await person.hears(chatId, bert.username, ["good bye"]);
    assert.deepEqual(await states(bert, chatId), ["sent"]);
  },

  "who has left is out again, although a restored core has lost that, and gave it to nobody else": async (
    { core, join },
  ) => {
    const [anna, bert, carl, chatId, copy] = await backedUp(core, join);
    carl.online = true;
    await carl.connected();
    const carlKey = await carl.recipientKey();
    // His own commit is kept from him: he does not know that the server has taken it.
    carl.refuses = (method) => {
      if (method === "commit") core.hostile.held.add(toHex(carlKey));
      return false;
    };
    await bert.engine.leaveChat(chatId);
    await bert.sees(chatId, ({ active }) => !active);
    goOffline(carl);
    core.hostile.held.clear();
    carl.refuses = () => false;
    await core.restore(copy);
    // Anna has heard nothing of it, and makes the next epoch.
    bert.online = false;
    bert.disconnect();
    anna.online = true;
    await anna.connected();
    await anna.engine.renameChat(chatId, "Onwards");
    for (const person of [bert, carl]) person.online = true;
    for (const person of [anna, carl]) await person.sees(chatId, ({ members }) => members.length === 2);
    assert.equal((await bert.chat(chatId))!.active, false);
    // An old request of his takes out nobody who has come back.
    await anna.engine.addPeople(chatId, [bert.username]);
    await bert.sees(chatId, ({ active }) => active);
    await bert.says(chatId, "here again");
    await carl.hears(chatId, bert.username, ["here again"]);
  },

  "who has left a channel whose admin did not know it leaves the replacement, too": async ({ core, join }) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const chatId = await replaceableGroup([anna, bert, carl]);
    await Promise.all([anna, carl].map((person) => person.connected()));
    const { rpc, mls, state } = await outsider(core, anna);
    const before = await state(chatId);
    await bert.engine.leaveChat(chatId);
    await bert.sees(chatId, ({ active }) => !active);
    await carl.sees(chatId, ({ members }) => members.length === 2);
    await anna.engine.close();
    const channelId = random(32);
    await forgeReplacement(chatId, { rpc, mls, state: before }, [anna, bert, carl], {}, channelId);
    await bert.until(
      async () => (await bert.notices(chatId)).some((notice) => notice.startsWith("rejoined")),
      "the move",
    );
    await bert.until(() => core.log.channel(toHex(channelId)).messages.length === 1, "his request to leave");
  },
});

function goOffline(...people: Person[]): void {
  for (const person of people) {
    person.online = false;
    person.disconnect();
  }
}

/** @returns a group of three, of whom only the second is online, and a backup of the core */
async function backedUp(
  core: TestCore,
  join: (name: string) => Promise<Person>,
): Promise<[Person, Person, Person, string, string]> {
  const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
  const chatId = await anna.engine.startChat([bert.username, carl.username], "The Long Walk");
  await Promise.all([bert, carl].map((person) => person.sees(chatId)));
  const copy = await core.backup();
  await Promise.all([anna, bert, carl].map((person) => person.connected()));
  goOffline(anna, carl);
  return [anna, bert, carl, chatId, copy];
}

/** Resolves when the core has taken so many messages, and the person knows it. */
async function taken(core: TestCore, person: Person, chatId: string, count: number): Promise<void> {
  const disk = () => new SealedStore(person.storage.restarted(), person.wrappingKey);
  await person.until(
    async () => core.log.channel(chatId).messages.length === count && (await disk().range("outbox", "")).length === 0,
    "the server's answer",
  );
}

async function states(person: Person, chatId: string): Promise<string[]> {
  return (await person.items(chatId)).flatMap((item) => item.kind === "message" ? [item.state!] : []);
}
