/** A device whose queue at the server is another one than it knows, or has failed to take an entry. */

import assert from "node:assert/strict";
import { toHex } from "../../schema/bytes.ts";
import { EntryKind } from "../../schema/rpc/methods.ts";
import type { Database } from "../../server-core/storage/sqlite/database.ts";
import { SealedStore } from "../storage/sealed_store.ts";
import { cursorKey } from "../sync/conversation/records.ts";
import type { TestCore } from "../testing/core.ts";
import { type Person, suite } from "../testing/person.ts";

/** Sets the highest number that a device has seen, and starts it again. */
async function restartedWith(person: Person, cursor: number): Promise<void> {
  await person.engine.close();
  person.storage = person.storage.restarted();
  const store = new SealedStore(person.storage, person.wrappingKey);
  await store.takeFence();
  await store.write({ puts: [{ store: "account", key: cursorKey, value: cursor }] });
  person.storage = person.storage.restarted();
  await person.crash();
}

const cursorOf = (person: Person) =>
  new SealedStore(person.storage, person.wrappingKey).get<number>("account", cursorKey);

/** A device's queue takes no commit while `work` runs. */
async function withoutCommits(core: TestCore, person: Person, all: Person[], work: () => Promise<void>) {
  const changed = async (change: (db: Database) => void) => {
    await core.change(change);
    for (const each of all) await each.connected();
  };
  const queue = `(SELECT queue FROM queues WHERE recipient_key = x'${toHex(await person.recipientKey())}')`;
  await changed((db) =>
    db.exec(`CREATE TRIGGER broken BEFORE INSERT ON entries WHEN new.kind = ${EntryKind.COMMIT} AND new.queue = ${queue}
      BEGIN SELECT RAISE(ABORT, 'broken'); END`)
  );
  await work();
  await changed((db) => db.exec("DROP TRIGGER broken"));
}

async function trio(join: (name: string) => Promise<Person>) {
  const people = [await join("anna"), await join("bert"), await join("carl")];
  const [anna, bert, carl] = people;
  const chatId = await anna.engine.startChat([bert.username, carl.username], "The Long Walk");
  await Promise.all([bert, carl].map((person) => person.sees(chatId)));
  await anna.says(chatId, "one");
  for (const person of [bert, carl]) await person.hears(chatId, anna.username, ["one"]);
  return { anna, bert, carl, chatId };
}

suite("numbers of a queue", {
  "SERVERS 1: a device that is refused for its cursor starts again from 0, and gets all once": async ({ join }) => {
    const { anna, bert, chatId } = await trio(join);
    bert.online = false;
    bert.disconnect();
    await anna.says(chatId, "two");
    await anna.engine.renameChat(chatId, "The Short Walk");
    await anna.says(chatId, "three");
    await anna.settled(chatId);
    await restartedWith(bert, 2 ** 52);
    bert.online = true;
    await bert.hears(chatId, anna.username, ["one", "two", "three"]);
    await bert.says(chatId, "four");
    await anna.hears(chatId, bert.username, ["four"]);
    assert.ok((await cursorOf(bert))! < 1_000);
    assert.deepEqual(bert.problems, []);
  },

  "SERVERS 1: a device with a cursor from after a backup that was put back by hand sees what waits": async (
    { join },
  ) => {
    const { anna, bert, chatId } = await trio(join);
    bert.online = false;
    bert.disconnect();
    await anna.says(chatId, "two");
    await anna.settled(chatId);
    await restartedWith(bert, 40_000);
    bert.online = true;
    await bert.hears(chatId, anna.username, ["one", "two"]);
    await anna.says(chatId, "three");
    await bert.hears(chatId, anna.username, ["one", "two", "three"]);
    assert.ok((await cursorOf(bert))! > 40_000);
    assert.deepEqual(bert.problems, []);
  },

  "SERVERS 1: a device whose queue failed at a commit is put back, and the others never noticed": async (
    { core, join },
  ) => {
    const { anna, bert, carl, chatId } = await trio(join);
    const people = [anna, bert, carl];
    await withoutCommits(core, carl, people, async () => {
      await anna.engine.renameChat(chatId, "The Short Walk");
      await bert.sees(chatId, ({ title }) => title === "The Short Walk");
      await anna.says(chatId, "two");
      await bert.hears(chatId, anna.username, ["one", "two"]);
    });
    await carl.sees(chatId, ({ title, active }) => title === "The Short Walk" && active);
    await carl.says(chatId, "three");
    for (const person of [anna, bert]) await person.hears(chatId, carl.username, ["three"]);
    await bert.says(chatId, "four");
    await carl.hears(chatId, bert.username, ["four"]);
  },
});
