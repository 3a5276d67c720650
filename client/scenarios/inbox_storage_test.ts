import assert from "node:assert/strict";
import { StorageError, StorageFullError } from "../storage/storage.ts";
import { type Person, suite } from "../testing/person.ts";
import { Wiretap } from "../testing/wiretap.ts";

/** The device's storage refuses every write with a record whose key ends so, until told otherwise. */
async function refusing(
  person: Person,
  ending: string,
  Refusal: typeof StorageError = StorageError,
): Promise<{ refuses: boolean; refused: number }> {
  const state = { refuses: true, refused: 0 };
  await person.engine.close();
  person.storage = person.storage.restarted();
  const write = person.storage.write.bind(person.storage);
  person.storage.write = (batch) =>
    state.refuses && batch.puts?.some(({ key }) => key.endsWith(ending))
      ? (state.refused++, Promise.reject(new Refusal("quota")))
      : write(batch);
  await person.start();
  return state;
}

suite("a storage that can not take everything", {
  "an entry that can not be stored does not take those beside it with it, and is given up with a notice": async (
    { join },
  ) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username], "full");
    await bert.sees(chatId);
    bert.online = false;
    await bert.crash();
    const ids: string[] = [];
    for (const text of ["one", "two", "three", "four"]) ids.push(await anna.says(chatId, text));
    await anna.settled(chatId);
    bert.online = true;
    await refusing(bert, ids[2]);
    await bert.hears(chatId, anna.username, ["one", "two", "four"]);
    assert.equal((await bert.notices(chatId)).filter((notice) => notice.startsWith("unreadable storage")).length, 1);
    assert.ok(JSON.stringify(bert.problems).includes("L005"));
    await bert.says(chatId, "go on");
    await anna.hears(chatId, bert.username, ["go on"]);
  },

  "PEOPLE B0: a message that finds no room is not given up for its mark, which would": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username], "no room");
    await bert.sees(chatId);
    bert.online = false;
    await bert.crash();
    const ids: string[] = [];
    for (const text of ["one", "two", "three"]) ids.push(await anna.says(chatId, text));
    await anna.settled(chatId);
    bert.online = true;
    const storage = await refusing(bert, ids[1], StorageFullError);
    await bert.until(() => storage.refused > 6, "several tries");
    storage.refuses = false;
    await bert.hears(chatId, anna.username, ["one", "two", "three"]);
    assert.equal((await bert.notices(chatId)).some((notice) => notice.startsWith("unreadable")), false);
  },

  "a storage that was full for a moment costs nothing": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username], "briefly full");
    await bert.sees(chatId);
    // Everything that the queue brings is written with its cursor.
    const storage = await refusing(bert, "sync/cursor");
    await bert.connected();
    const texts = ["one", "two", "three"];
    for (const text of texts) await anna.says(chatId, text);
    await anna.settled(chatId);
    await bert.until(() => bert.problems.length > 0, "the problem to be shown");
    storage.refuses = false;
    await bert.hears(chatId, anna.username, texts);
    assert.equal((await bert.notices(chatId)).some((notice) => notice.startsWith("unreadable")), false);
  },

  "a message is shown while it is stored, not acknowledged before, and what is shown is read again when that fails":
    async ({ join }) => {
      const [anna, bert] = [await join("anna"), await join("bert")];
      const chatId = await anna.engine.startChat([bert.username], "shown first");
      await bert.sees(chatId);
      const tap = new Wiretap();
      bert.wrapTransport = tap.wrap;
      const storage = await refusing(bert, "sync/cursor");
      await bert.connected();
      const acknowledged = () => Math.max(0, ...tap.of("ack").map(({ upTo }) => Number(upTo)));
      await bert.until(() => acknowledged() > 0, "what came before to be acknowledged");
      const before = acknowledged();
      const told = () =>
        bert.events.flatMap((
          event,
        ) => (event.kind === "timeline"
          ? event.items.flatMap((item) => (item.kind === "message" && !item.own ? [item.text] : []))
          : event.kind === "reread"
          ? ["reread"]
          : [])
        );
      await anna.says(chatId, "early");
      await bert.until(() => told().includes("reread"), "the write to fail");
      assert.deepEqual(told().slice(0, 2), ["early", "reread"]);
      assert.deepEqual(await bert.texts(chatId, anna.username), [], "nothing was stored");
      assert.equal(acknowledged(), before, "nothing was acknowledged");
      storage.refuses = false;
      await bert.hears(chatId, anna.username, ["early"]);
      await bert.until(() => acknowledged() > before, "it to be acknowledged");
      assert.equal(told().at(-1), "early");
    },

  "a page that is opened while a message is being stored has it, whether it heard of it or not": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username], "just too late");
    await bert.sees(chatId);
    let opened: Promise<string[]> | undefined;
    bert.onEvent = (event) => {
      if (event.kind !== "timeline" || !event.items.some((item) => item.kind === "message" && item.text === "look")) {
        return;
      }
      opened ??= bert.texts(chatId, anna.username);
    };
    await anna.says(chatId, "look");
    await bert.hears(chatId, anna.username, ["look"]);
    assert.deepEqual(await opened, ["look"]);
  },
});
