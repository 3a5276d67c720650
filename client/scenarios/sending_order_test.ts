/** Messages of one sender leave in the order of their generations, whatever cuts the sending off (specification §4.2). */

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
