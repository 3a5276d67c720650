import assert from "node:assert/strict";
import { fromHex, toHex } from "../../schema/bytes.ts";
import { type MessageItem, stateWith } from "../api/engine_api.ts";
import { writeReceipt } from "../content/receipt.ts";
import { ContentSender } from "../testing/content_sender.ts";
import { knownIds } from "../testing/message_kinds.ts";
import { random } from "../testing/hostile_member.ts";
import { type Person, suite, type World } from "../testing/person.ts";
import { personOfPreviousBuild } from "../testing/previous_build.ts";

const newId = () => toHex(random(16));

async function messages(person: Person, chatId: string): Promise<MessageItem[]> {
  return (await person.engine.timeline(chatId)).items.filter((item) => item.kind === "message");
}

/** The states of a person's messages, oldest first. */
async function states(person: Person, chatId: string): Promise<string[]> {
  const marks = await person.engine.receiptMarks(chatId);
  return (await messages(person, chatId)).map((item) => stateWith(item, marks));
}

async function statesAre(person: Person, chatId: string, wanted: string): Promise<void> {
  await person.until(async () => (await states(person, chatId)).join(" ") === wanted, wanted);
}

async function readsAll(person: Person, chatId: string): Promise<void> {
  await person.engine.markRead(chatId, (await messages(person, chatId)).at(-1)!.order);
}

/** From now on the person's engine sends receipts. */
async function tells(person: Person): Promise<Person> {
  person.sendsReceipts = true;
  await person.crash();
  await person.connected();
  return person;
}

/** Leaves a receipt its time, many times over, and then waits for a message that would come after it. */
async function nothingCame(from: Person, to: Person, chatId: string): Promise<void> {
  await receiptTime(from);
  const text = `and then ${newId()}`;
  await from.says(chatId, text);
  await to.until(async () => (await to.texts(chatId)).includes(text), text);
}

async function receiptTime(person: Person): Promise<void> {
  await person.until(() => false, "a receipt's time", 1_000).catch(() => {});
  await person.engine.settled(AbortSignal.timeout(60_000));
}

async function twoPeople({ join }: World, accepts = true): Promise<{ anna: Person; bert: Person; chatId: string }> {
  const [anna, bert] = [await tells(await join("anna")), await tells(await join("bert"))];
  const chatId = await anna.engine.startChat([bert.username]);
  await bert.sees(chatId);
  if (accepts) await bert.engine.acceptInvitation(chatId);
  return { anna, bert, chatId };
}

suite("receipts", {
  "CONVERSATIONS: a message is sent, delivered and read, also after a restart, and says by whom": async (world) => {
    const { anna, bert, chatId } = await twoPeople(world);
    for (const text of ["one", "two"]) await anna.says(chatId, text);
    await statesAre(anna, chatId, "delivered delivered");
    assert.deepEqual(anna.events.some(({ kind }) => kind === "marks"), true);
    const [one, two] = await messages(bert, chatId);
    await bert.engine.markRead(chatId, one.order);
    await statesAre(anna, chatId, "read delivered");
    await anna.crash();
    assert.deepEqual(await states(anna, chatId), ["read", "delivered"]);
    await anna.connected();
    await bert.engine.markRead(chatId, two.order);
    await statesAre(anna, chatId, "read read");
    const info = (await anna.engine.messageInfo(chatId, (await messages(anna, chatId))[1]))!;
    assert.deepEqual(info.readBy.map(({ username }) => username), [bert.username]);
    assert.deepEqual(info.delivered.map(({ username }) => username), [bert.username]);
    assert.ok(info.readBy[0].atMs! > 0 && info.sentMs > 0);
    assert.deepEqual((await messages(bert, chatId)).length, 2, "no line of its own");
    assert.equal((await anna.chat(chatId))!.unread, 0);
    assert.deepEqual([anna.problems, bert.problems], [[], []]);
  },

  "CONVERSATIONS: what was read without a network is told at the next connection": async (world) => {
    const { anna, bert, chatId } = await twoPeople(world);
    await anna.says(chatId, "one");
    await statesAre(anna, chatId, "delivered");
    bert.online = false;
    bert.disconnect();
    await readsAll(bert, chatId);
    await bert.crash();
    assert.deepEqual(await states(anna, chatId), ["delivered"]);
    bert.online = true;
    await bert.connected();
    await statesAre(anna, chatId, "read");
  },

  "CONVERSATIONS: before an invitation is accepted nothing is told, and after it all": async (world) => {
    const { anna, bert, chatId } = await twoPeople(world, false);
    await anna.says(chatId, "hello");
    await bert.hears(chatId, anna.username, ["hello"]);
    await readsAll(bert, chatId);
    await receiptTime(bert);
    assert.deepEqual(await states(anna, chatId), ["sent"]);
    await bert.engine.acceptInvitation(chatId);
    await statesAre(anna, chatId, "read");
  },

  "CONVERSATIONS: what was read on one device is read on the account's other device": async (world) => {
    const { anna, bert, chatId } = await twoPeople(world);
    const phone = await bert.secondDevice(world.core);
    try {
      await tells(phone);
      const { chatId: there } = await phone.until(async () => (await phone.engine.chats())[0], "the chat");
      for (const text of ["one", "two"]) await anna.says(chatId, text);
      await phone.hears(there, anna.username, ["one", "two"]);
      await phone.sees(there, ({ unread }) => unread === 2);
      await bert.hears(chatId, anna.username, ["one", "two"]);
      await readsAll(bert, chatId);
      await phone.sees(there, ({ unread }) => unread === 0);
      await statesAre(anna, chatId, "read read");
    } finally {
      await phone.close();
    }
  },

  "CONVERSATIONS: in a group a message is delivered and read once all others have it": async (world) => {
    const people = [];
    for (const name of ["anna", "bert", "cleo"]) people.push(await tells(await world.join(name)));
    const [a, b, c] = people;
    const chatId = await a.engine.startChat([b.username, c.username], "three");
    for (const person of [b, c]) {
      await person.sees(chatId);
      await person.engine.acceptInvitation(chatId);
    }
    await a.says(chatId, "one");
    await statesAre(a, chatId, "delivered");
    await b.hears(chatId, a.username, ["one"]);
    await readsAll(b, chatId);
    const info = async () => (await a.engine.messageInfo(chatId, (await messages(a, chatId))[0]))!;
    await a.until(async () => (await info()).readBy.length === 1, "the first reader");
    assert.deepEqual(await states(a, chatId), ["delivered"]);
    await readsAll(c, chatId);
    await statesAre(a, chatId, "read");
    // Who comes later does not take the marks away, and who leaves holds nothing up.
    const dora = await tells(await world.join("dora"));
    await a.engine.addPeople(chatId, [dora.username]);
    await dora.sees(chatId);
    assert.deepEqual(await states(a, chatId), ["read"]);
    await a.says(chatId, "two");
    for (const person of [b, c]) {
      await person.hears(chatId, a.username, ["one", "two"]);
      await readsAll(person, chatId);
    }
    await a.until(async () => (await info()).readBy.length === 2, "the readers");
    assert.deepEqual(await states(a, chatId), ["read", "sent"]);
    await a.engine.removePerson(chatId, dora.username);
    await statesAre(a, chatId, "read read");
  },
});

suite("what a user does not want to tell", {
  "CONVERSATIONS: who does not tell what was read is not shown it either, and so with typing": async (world) => {
    const { anna, bert, chatId } = await twoPeople(world);
    await anna.says(chatId, "one");
    await bert.hears(chatId, anna.username, ["one"]);
    await readsAll(bert, chatId);
    await statesAre(anna, chatId, "read");
    await anna.engine.changePrivacy({ readReceipts: false, typing: false });
    assert.deepEqual(await anna.engine.privacy(), { readReceipts: false, typing: false });
    await statesAre(anna, chatId, "delivered");
    await bert.says(chatId, "two");
    await anna.hears(chatId, bert.username, ["two"]);
    await readsAll(anna, chatId);
    await bert.until(async () => (await states(bert, chatId)).at(-1) === "delivered", "delivered");
    await anna.says(chatId, "three");
    await bert.hears(chatId, anna.username, ["one", "three"]);
    await readsAll(bert, chatId);
    await anna.until(async () => (await states(anna, chatId)).at(-1) === "delivered", "delivered");
    await bert.engine.typing(chatId);
    await anna.engine.typing(chatId);
    await nothingCame(bert, anna, chatId);
    const typed = (person: Person) => person.events.some(({ kind }) => kind === "typing");
    assert.deepEqual([typed(anna), typed(bert)], [false, false]);
    assert.ok(!(await states(bert, chatId)).includes("read"), "anna's reading was told");
    assert.ok(!(await states(anna, chatId)).includes("read"), "bert's reading was shown");
    await anna.engine.changePrivacy({ readReceipts: true, typing: true });
    await anna.until(async () => (await states(anna, chatId))[0] === "read", "what was told before");
    await anna.crash();
    assert.deepEqual(await anna.engine.privacy(), { readReceipts: true, typing: true });
  },

  "CONVERSATIONS: a person whom the user blocks is told nothing": async (world) => {
    const { anna, bert, chatId } = await twoPeople(world);
    await bert.engine.block(anna.username);
    await anna.says(chatId, "one");
    await anna.settled(chatId);
    await receiptTime(bert);
    await anna.says(chatId, "two");
    await anna.settled(chatId);
    await receiptTime(bert);
    assert.ok((await states(anna, chatId)).every((state) => state === "sent"));
  },
});

suite("receipts that are not to be believed, or not to be sent", {
  "CONVERSATIONS: receipts name messages of their own chat alone, and never go back": async (world) => {
    const { core, join } = world;
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username]);
    const other = await anna.engine.startChat([bert.username], "another");
    await bert.sees(other);
    for (const text of ["one", "two", "three"]) await anna.says(chatId, text);
    await anna.says(other, "elsewhere");
    await bert.hears(chatId, anna.username, ["one", "two", "three"]);
    await anna.settled(chatId);
    await anna.settled(other);
    const idOf = async (chat: string, text: string) => {
      const index = (await messages(anna, chat)).findIndex((item) => item.text === text);
      return fromHex((await knownIds(anna, chat))[index]);
    };
    const [one, two] = [await idOf(chatId, "one"), await idOf(chatId, "two")];
    const elsewhere = await idOf(other, "elsewhere");
    const sender = await ContentSender.of(core, bert, chatId);
    await sender.send(writeReceipt({ delivered: elsewhere, read: elsewhere }, random(16)));
    await sender.send(writeReceipt({ delivered: random(32), read: random(32) }, random(16)));
    await sender.send(writeReceipt({}, random(16)));
    await sender.send(writeReceipt({ delivered: two }, random(16)));
    await statesAre(anna, chatId, "delivered delivered sent");
    await sender.send(writeReceipt({ delivered: one, read: one }, random(16)));
    await statesAre(anna, chatId, "read delivered sent");
    await sender.send(writeReceipt({ read: two }, random(16)));
    await statesAre(anna, chatId, "read read sent");
    await sender.send(writeReceipt({ read: one }, random(16)));
    for (let count = 0; count < 300; count++) await sender.send(writeReceipt({ read: random(32) }, random(16)));
    await sender.send(writeReceipt({ delivered: await idOf(chatId, "three") }, random(16)));
    await statesAre(anna, chatId, "read read delivered");
    await anna.crash();
    assert.deepEqual(await states(anna, chatId), ["read", "read", "delivered"]);
    const items = (await anna.engine.timeline(chatId)).items;
    assert.equal(items.filter(({ kind }) => kind === "notice").length, 1, "nothing is said of any of them");
  },

  "CONVERSATIONS: a chat with a device of the version before gets no receipts": async ({ core, join }) => {
    const anna = await tells(await join("anna"));
    const olga = await personOfPreviousBuild(core, "olga");
    try {
      const chatId = await anna.engine.startChat([olga.username]);
      await olga.sees(chatId);
      await olga.engine.acceptInvitation(chatId);
      await olga.engine.send(chatId, newId(), "hello");
      await anna.hears(chatId, olga.username, ["hello"]);
      await readsAll(anna, chatId);
      await nothingCame(anna, olga, chatId);
      const { items } = await olga.engine.timeline(chatId);
      assert.equal(items.filter((item) => item.kind === "message").length, 2);
    } finally {
      await olga.close();
    }
  },
});
