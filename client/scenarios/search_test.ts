/** The search with whole engines: what people write, change and take back. */

import assert from "node:assert/strict";
import { annaAndBert, arrived, write } from "../testing/message_kinds.ts";
import { type Person, suite } from "../testing/person.ts";
import { SearchFiles } from "../testing/search_files.ts";
import { searchInMemory } from "../../cli/storage/search_memory.ts";
import { LocalCode } from "../api/errors.ts";

async function found(person: Person, query: string, chatId?: string): Promise<string[]> {
  await person.engine.searchable();
  const { hits, isComplete } = await person.engine.search(query, chatId === undefined ? {} : { chatId });
  assert.ok(isComplete);
  for (const { chatId, order, messageId } of hits) {
    const { items } = await person.engine.timelineAround(chatId, { order }, 2);
    assert.ok(items.some((item) => item.kind === "message" && item.messageId === messageId), "a hit leads to its line");
  }
  return hits.map(({ text }) => text);
}

suite("the search", {
  "CONVERSATIONS: finds received, edited and own messages once, and nothing that was taken back": async (world) => {
    using files = new SearchFiles();
    const { anna, chatId, sender } = await annaAndBert(world);
    anna.searchDatabases = files;
    const first = await sender.send(write.text("Der Apfelkuchen ist fertig"));
    const second = await sender.send(write.text("Apfelsaft auch"));
    await arrived(anna, chatId, sender);
    assert.deepEqual(await found(anna, "apfel"), ["Apfelsaft auch", "Der Apfelkuchen ist fertig"]);
    await sender.send(write.edit("Der Birnenkuchen ist fertig", first));
    await sender.send(write.delete(second));
    await anna.says(chatId, "Ich bringe Apfelsaft mit");
    await anna.settled(chatId);
    await anna.until(async () => (await found(anna, "birnen")).length === 1, "the edit");
    await anna.until(async () => (await found(anna, "saft auch")).length === 0, "the delete");
    assert.deepEqual(await found(anna, "apfel"), ["Ich bringe Apfelsaft mit"]);
    assert.deepEqual(await found(anna, "apfel", chatId), ["Ich bringe Apfelsaft mit"]);
  },

  "CONVERSATIONS: finds a message that waits, and finds it once when it was sent": async ({ join }) => {
    using files = new SearchFiles();
    const [anna, bert] = [await join("anna"), await join("bert")];
    anna.searchDatabases = files;
    const chatId = await anna.engine.startChat([bert.username], "group");
    assert.deepEqual(await found(anna, "later"), []);
    anna.online = false;
    anna.disconnect();
    await anna.says(chatId, "sent later");
    assert.deepEqual(await found(anna, "later"), ["sent later"]);
    anna.online = true;
    await anna.engine.wake();
    await bert.hears(chatId, anna.username, ["sent later"]);
    await anna.until(async () => {
      const last = (await anna.items(chatId)).at(-1);
      return last?.kind === "message" && last.state === "sent";
    }, "the answer");
    assert.deepEqual(await found(anna, "later"), ["sent later"]);
  },

  "CONVERSATIONS: has lost nothing after a crash, also of what came before the index was open again": async (world) => {
    using files = new SearchFiles();
    const { anna, chatId, sender } = await annaAndBert(world);
    anna.searchDatabases = files;
    const first = await sender.send(write.text("first words"));
    await arrived(anna, chatId, sender);
    assert.deepEqual(await found(anna, "words"), ["first words"]);
    await sender.send(write.text("second words"));
    await anna.until(async () => (await anna.texts(chatId)).includes("second words"), "the second");
    await anna.crash();
    await sender.send(write.delete(first));
    await sender.send(write.text("third words"));
    await anna.until(async () => (await anna.texts(chatId)).includes("third words"), "the third");
    await anna.crash();
    assert.deepEqual(await found(anna, "words"), ["third words", "second words"]);
    assert.equal(files.opened, 2, "the index was not built again");
    assert.deepEqual(anna.problems, []);
  },

  "CONVERSATIONS: shows nothing of an invitation before it is accepted": async ({ join }) => {
    using files = new SearchFiles();
    const [anna, bert] = [await join("anna"), await join("bert")];
    bert.searchDatabases = files;
    const chatId = await anna.engine.startChat([bert.username], "group");
    await anna.says(chatId, "come in");
    await bert.hears(chatId, anna.username, ["come in"]);
    assert.deepEqual(await found(bert, "come"), []);
    await bert.engine.acceptInvitation(chatId);
    assert.deepEqual(await found(bert, "come"), ["come in"]);
  },

  "CONVERSATIONS: is gone when the account signs out, and of the next account alone": async ({ join }) => {
    using files = new SearchFiles();
    const [anna, bert] = [await join("anna"), await join("bert")];
    anna.searchDatabases = files;
    const chatId = await anna.engine.startChat([bert.username], "group");
    await anna.says(chatId, "a secret");
    assert.deepEqual(await found(anna, "secret"), ["a secret"]);
    assert.equal(files.databases().length, 1);
    await anna.crash();
    await anna.engine.signOut();
    await anna.until(() => files.files().length === 0, "the file is deleted");
    await assert.rejects(anna.engine.search("secret"), {
      problem: { code: LocalCode.notSignedIn, detail: "nobody is signed in" },
    });
    await anna.engine.createAccount(`${anna.username}x`, "correct horse battery staple");
    assert.deepEqual(await found(anna, "secret"), []);
  },

  "CONVERSATIONS: works in memory where a host keeps no files": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    anna.searchDatabases = searchInMemory;
    const chatId = await anna.engine.startChat([bert.username], "group");
    await anna.says(chatId, "東京で会う");
    assert.deepEqual(await found(anna, "東京"), ["東京で会う"]);
    await anna.says(chatId, "東京へ行く");
    assert.deepEqual(await found(anna, "東京"), ["東京へ行く", "東京で会う"]);
  },

  "CONVERSATIONS: opens a chat around a place and at a date": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username], "group");
    for (let count = 0; count < 30; count++) await anna.says(chatId, `line ${count}`);
    await bert.hears(chatId, anna.username, Array.from({ length: 30 }, (_, count) => `line ${count}`));
    const all = await bert.items(chatId);
    const orders = all.map(({ order }) => order);
    const middle = await bert.engine.timelineAround(chatId, { order: orders[15] }, 10);
    assert.equal(middle.at, orders[15]);
    assert.deepEqual(middle.items.map(({ order }) => order), orders.slice(11, 21));
    const next = await bert.engine.timelineAfter(chatId, middle.after!, 5);
    assert.deepEqual(next.items.map(({ order }) => order), orders.slice(21, 26));
    assert.deepEqual((await bert.engine.timelineAfter(chatId, orders.at(-1)!)).items, []);
    const before = await bert.engine.timeline(chatId, middle.before, 3);
    assert.deepEqual(before.items.map(({ order }) => order), orders.slice(8, 11));
    for (const wanted of [0, 7, 15, orders.length - 1]) {
      const { atMs } = all[wanted];
      const { at } = await bert.engine.timelineAround(chatId, { atMs });
      assert.equal(all.find(({ order }) => order === at)!.atMs, atMs);
    }
    const past = await bert.engine.timelineAround(chatId, { atMs: 0 }, 4);
    assert.deepEqual([past.at, past.before], [orders[0], undefined]);
    const future = await bert.engine.timelineAround(chatId, { atMs: Date.now() + 3_600_000 }, 4);
    assert.deepEqual([future.at, future.after], [orders.at(-1), undefined]);
    const gone = await bert.engine.timelineAround(chatId, { order: `${orders[15]}0` }, 4);
    assert.equal(gone.at, orders[16], "the next one stands for a place without an item");
  },
});
