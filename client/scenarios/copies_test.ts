/** Two copies of a profile, and what only looks like two: a reload, another network, a second engine on one storage. */

import assert from "node:assert/strict";
import type { ConnectionState, EngineEvent } from "../api/engine_api.ts";
import type { TestCore } from "../testing/core.ts";
import { Person, suite } from "../testing/person.ts";

const isElsewhere = async (person: Person) => (await person.engine.connection()).kind === "elsewhere";

/** Counts how often a person connects. */
function countConnects(person: Person): () => number {
  let count = 0;
  person.wrapTransport = (transport) => ({
    connect: (signal) => {
      count++;
      return transport.connect(signal);
    },
  });
  return () => count;
}

/** Another engine over a copy of a person's profile: as it is on disk now, or was. */
async function withCopy(
  core: TestCore,
  person: Person,
  test: (copy: Person) => Promise<void>,
  storage = person.storage.restarted(),
): Promise<void> {
  const { wrappingKey, sentinel } = person;
  const profile = { storage, wrappingKey, sentinel };
  const copy = await Person.of(core, person.username, profile, 55);
  try {
    await test(copy);
  } finally {
    await copy.close();
  }
}

const putBack = async (person: Person, chatId: string) =>
  (await person.notices(chatId)).filter((notice) => /^(rejoined|rolled-back)/.test(notice));

suite("copies of a profile", {
  "PEOPLE B3: the copy that connects later wins, the other says so and stays away, and nothing is lost": async ({
    core,
    join,
  }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const connects = countConnects(bert);
    await bert.crash();
    await bert.connected();
    const chatId = await anna.engine.startChat([bert.username], "talk");
    await bert.sees(chatId);
    const before = connects();
    await withCopy(core, bert, async (copy) => {
      // What the first one sends after the copy was made moves only its own ratchet.
      await bert.until(() => isElsewhere(bert), "word of the other connection");
      await copy.until(async () => (await putBack(copy, chatId)).length === 2, "the re-add");
      for (let count = 0; count < 5; count++) await copy.says(chatId, `copy ${count}`);
      await anna.hears(chatId, bert.username, Array.from({ length: 5 }, (_, count) => `copy ${count}`));
      await anna.says(chatId, "to the copy");
      await copy.hears(chatId, anna.username, ["to the copy"]);
      assert.equal(connects(), before, "it has not come back by itself");
      bert.engine.wake();
      await anna.says(chatId, "more");
      await copy.hears(chatId, anna.username, ["to the copy", "more"]);
      assert.deepEqual([connects(), await isElsewhere(bert)], [before, true], "nor when its page is looked at");
      // The user wants it here.
      await bert.engine.useHere();
      await copy.until(() => isElsewhere(copy), "word of the first one");
      await bert.until(
        async () => (await bert.chat(chatId))?.active && (await putBack(bert, chatId)).length >= 2,
        "back",
      );
      await bert.says(chatId, "here again");
      await anna.until(async () => (await anna.texts(chatId, bert.username)).includes("here again"), "what it says");
      assert.equal(connects(), before + 1);
    });
  },

  "PEOPLE B3: a copy made of an engine that is connected sends nothing before that one could say so": async ({
    core,
    join,
  }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username], "talk");
    await bert.sees(chatId);
    const storage = bert.storage.restarted();
    // The copy does not know of this one, and would seal its first message with the same key.
    await bert.says(chatId, "from the first");
    await anna.hears(chatId, bert.username, ["from the first"]);
    await withCopy(core, bert, async (copy) => {
      await copy.says(chatId, "from the copy");
      await anna.hears(chatId, bert.username, ["from the first", "from the copy"]);
      assert.equal((await putBack(copy, chatId)).length, 2);
    }, storage);
  },

  "PEOPLE B3: a copy of an older state is put back before it sends, though the other one is gone": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username], "talk");
    await bert.sees(chatId);
    const old = bert.storage.restarted();
    await bert.crash();
    await bert.connected();
    await bert.says(chatId, "after the copy");
    await anna.hears(chatId, bert.username, ["after the copy"]);
    await bert.engine.close();
    bert.storage = old;
    await bert.start();
    await bert.says(chatId, "from the copy");
    await anna.hears(chatId, bert.username, ["after the copy", "from the copy"]);
    assert.equal((await putBack(bert, chatId)).length, 2);
    assert.equal((await putBack(anna, chatId)).length, 1);
  },

  "PEOPLE B3: a copy of an older state reads what waits for it before it is put back": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username], "talk");
    await bert.sees(chatId);
    const old = bert.storage.restarted();
    await bert.crash();
    await bert.connected();
    await bert.engine.close();
    await anna.says(chatId, "one");
    await anna.says(chatId, "two");
    await anna.settled(chatId);
    bert.storage = old;
    await bert.start();
    await bert.until(async () => (await putBack(bert, chatId)).length >= 2, "the re-add");
    await bert.hears(chatId, anna.username, ["one", "two"]);
    await bert.says(chatId, "from the copy");
    await anna.hears(chatId, bert.username, ["from the copy"]);
  },

  "PEOPLE B3: a copy comes back into all of its chats, though one person alone can help with more than eight": async ({
    join,
  }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chats: string[] = [];
    for (let count = 0; count < 10; count++) {
      chats.push(await anna.engine.startChat([bert.username], `talk ${count}`));
      await bert.sees(chats[count]);
    }
    const old = bert.storage.restarted();
    await bert.crash();
    await bert.connected();
    await bert.engine.close();
    bert.storage = old;
    await bert.start();
    await bert.until(async () => {
      const back = await Promise.all(chats.map((chatId) => putBack(bert, chatId)));
      return back.every((notices) => notices.length >= 2);
    }, "the re-add in every chat");
  },

  "PEOPLE B3: reloads, crashes and another network are no copies": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username], "talk");
    await bert.sees(chatId);
    const states: ConnectionState["kind"][] = [];
    bert.onEvent = (event: EngineEvent) => void (event.kind === "connection" && states.push(event.connection.kind));
    for (let round = 0; round < 4; round++) {
      await bert.says(chatId, `before ${round}`);
      if (round % 2 === 0) await bert.crash();
      else bert.disconnect();
      await bert.connected();
      // The page is loaded anew, and the server still has the connection of the former engine.
      const former = bert.engine;
      await bert.start();
      await bert.connected();
      await bert.until(async () => (await former.connection()).kind !== "connected", "the end of the former engine");
      await former.close();
      await bert.says(chatId, `after ${round}`);
    }
    await anna.until(async () => (await anna.texts(chatId, bert.username)).length === 8, "all texts");
    assert.deepEqual([await putBack(anna, chatId), await putBack(bert, chatId)], [[], []]);
    assert.equal((await bert.chat(chatId))!.active, true);
    assert.equal(states.filter((kind) => kind === "connected").length > 0, true);
  },

  "PEOPLE B3: an engine whose profile another one has opened stops at once, and says so": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username], "talk");
    await bert.sees(chatId);
    const connects = countConnects(bert);
    const first = bert.engine;
    const told = bert.events;
    bert.events = [];
    const problems: string[] = [];
    const kinds: string[] = [];
    bert.onEvent = (event) => {
      if (event.kind === "problem") problems.push(event.problem.code);
      if (event.kind === "connection") kinds.push(event.connection.kind);
    };
    assert.ok(told.length > 0);
    await bert.start();
    await bert.connected();
    await bert.until(() => problems.includes("L036"), "word of the new engine");
    assert.ok(kinds.includes("elsewhere"));
    await assert.rejects(first.send(chatId, "22".repeat(16), "from the former one"), /L036/);
    await anna.says(chatId, "to the new one");
    await bert.hears(chatId, anna.username, ["to the new one"]);
    await bert.says(chatId, "from the new one");
    await anna.hears(chatId, bert.username, ["from the new one"]);
    assert.equal(connects(), 1, "only the new one has connected");
    assert.deepEqual(await putBack(anna, chatId), []);
    await first.close();
  },
});
