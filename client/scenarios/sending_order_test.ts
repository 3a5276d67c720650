/** Messages of one sender leave in the order of their generations, whatever cuts the sending off (GRP-6.7). */

import assert from "node:assert/strict";
import { type Person, suite } from "../testing/person.ts";
import { Wiretap } from "../testing/wiretap.ts";

const numbered = (who: string, count: number) => Array.from({ length: count }, (_, index) => `${who} ${index}`);

async function saysAll(person: Person, chatId: string, texts: string[]): Promise<void> {
  for (const text of texts) await person.says(chatId, text);
}

function goOffline(person: Person): void {
  person.online = false;
  person.disconnect();
}

function comeBack(person: Person): void {
  person.online = true;
  void person.engine.wake();
}

/**
 * Restarts a person's device.
 *
 * @returns of its writes from then on: the stores of those that put messages into the outbox, and how many messages
 *   those delete that take some out of it
 */
async function restartWatched(person: Person): Promise<{ puts: string[][]; deletes: number[] }> {
  await person.engine.close();
  person.storage = person.storage.restarted();
  const write = person.storage.write.bind(person.storage);
  const seen = { puts: [] as string[][], deletes: [] as number[] };
  person.storage.write = (batch) => {
    const put = (batch.puts ?? []).map(({ store }) => store);
    const deleted = (batch.deletes ?? []).filter(({ store }) => store === "outbox").length;
    if (put.includes("outbox")) seen.puts.push(put);
    if (deleted > 0) seen.deletes.push(deleted);
    return write(batch);
  };
  await person.start();
  return seen;
}

/**
 * The person queues `old` texts offline, an epoch passes, it comes back, and its connection is lost again at the answer
 * to its third call that sends messages. It stays offline.
 */
async function cutInMidDrain(person: Person, other: Person, chatId: string, old: string[]): Promise<void> {
  const tap = new Wiretap();
  const cut = Promise.withResolvers<void>();
  let calls = 0;
  tap.holdsAnswer = ({ method }) => {
    if (!method.startsWith("publish") || ++calls !== 3) return undefined;
    goOffline(person);
    cut.resolve();
    return Promise.reject(new Error("the connection is lost"));
  };
  person.wrapTransport = tap.wrap;
  goOffline(person);
  await person.crash();
  await saysAll(person, chatId, old);
  await other.engine.renameChat(chatId, "another epoch");
  comeBack(person);
  await cut.promise;
  const states = (await person.items(chatId)).flatMap((item) => item.kind === "message" ? [item.state] : []);
  assert.ok(states.includes("waiting"), "the outbox is not empty");
}

suite("what is written after a drain was cut off", {
  "PEOPLE B0: 40 messages written after a cut in mid-drain reach everybody, behind the older ones": async (
    { join },
  ) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const chatId = await bert.engine.startChat([anna.username, carl.username], "cut");
    await Promise.all([anna.sees(chatId), carl.sees(chatId)]);
    const [old, fresh] = [numbered("old", 60), numbered("new", 40)];
    await cutInMidDrain(anna, bert, chatId, old);
    await saysAll(anna, chatId, fresh);
    comeBack(anna);
    await anna.settled(chatId);
    await Promise.all([bert, carl].map((person) => person.hears(chatId, anna.username, [...old, ...fresh])));
  },

  "PEOPLE B0: so they do when the device restarts before it is back": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await bert.engine.startChat([anna.username], "cut and restart");
    await anna.sees(chatId);
    const [old, fresh, last] = [numbered("old", 60), numbered("new", 40), numbered("last", 40)];
    await cutInMidDrain(anna, bert, chatId, old);
    await saysAll(anna, chatId, fresh);
    await anna.crash();
    await saysAll(anna, chatId, last);
    comeBack(anna);
    await anna.settled(chatId);
    await bert.hears(chatId, anna.username, [...old, ...fresh, ...last]);
  },
});

suite("messages that waited offline", {
  "PEOPLE B0: what is sent again to a restored server leaves behind the 45 messages that were sealed before it": async (
    { core, join },
  ) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await bert.engine.startChat([anna.username], "restored");
    await anna.sees(chatId);
    const copy = await core.backup();
    await Promise.all([anna, bert].map((person) => person.connected()));
    const [lost, offline] = [numbered("lost", 3), numbered("offline", 45)];
    await saysAll(anna, chatId, lost);
    await anna.settled(chatId);
    await bert.hears(chatId, anna.username, lost);
    goOffline(anna);
    await saysAll(anna, chatId, offline);
    await core.restore(copy);
    comeBack(anna);
    await anna.settled(chatId);
    await bert.hears(chatId, anna.username, [...lost, ...offline]);
  },

  "PEOPLE B0: a backlog goes out in calls of at most 16 messages, and a call's answers are one write": async (
    { join },
  ) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await bert.engine.startChat([anna.username], "backlog");
    await anna.sees(chatId);
    const tap = new Wiretap();
    anna.wrapTransport = tap.wrap;
    goOffline(anna);
    const { deletes } = await restartWatched(anna);
    const backlog = numbered("waited", 96);
    await saysAll(anna, chatId, backlog);
    comeBack(anna);
    await anna.settled(chatId);
    await bert.hears(chatId, anna.username, backlog);
    const sizes = tap.of("publishInOrder").map(({ messages }) => (messages as unknown[]).length);
    assert.deepEqual(sizes, [16, 16, 16, 16, 16, 16]);
    assert.deepEqual(tap.of("publish"), []);
    assert.deepEqual(deletes, sizes, "of the outbox, by write");
  },

  "PEOPLE B0: a message is sealed in the write that stores it where none before it has still to be sealed": async (
    { join },
  ) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await bert.engine.startChat([anna.username], "one write");
    await anna.sees(chatId);
    anna.online = false;
    const { puts } = await restartWatched(anna);
    await saysAll(anna, chatId, numbered("offline", 3));
    comeBack(anna);
    await bert.hears(chatId, anna.username, numbered("offline", 3));
    await anna.settled(chatId);
    assert.equal(puts.length, 3, "one write each, and none is sealed again");
    assert.ok(puts.every((of) => of.includes("ratchets") && of.includes("messages")), "with its ratchet and its line");
  },
});
