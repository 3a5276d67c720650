import assert from "node:assert/strict";
import { toHex } from "../../schema/bytes.ts";
import type { MessageItem, MessageRef } from "../api/engine_api.ts";
import { maxReactionBytes } from "../content/kinds/reaction.ts";
import { type Person, suite, type World } from "../testing/person.ts";

const newId = () => toHex(crypto.getRandomValues(new Uint8Array(16)));

async function messages(person: Person, chatId: string): Promise<MessageItem[]> {
  const { items } = await person.engine.timeline(chatId);
  return items.filter((item) => item.kind === "message");
}

/** Waits until a person's newest message fits. */
async function shows(person: Person, chatId: string, fits: (message: MessageItem) => boolean): Promise<MessageItem> {
  const newest = async () => (await messages(person, chatId)).at(-1);
  return (await person.until(async () => {
    const message = await newest();
    return message && fits(message) ? message : undefined;
  }, "the newest message"))!;
}

/** Two people, and a message of the first. */
async function twoPeople({ join }: World): Promise<{ anna: Person; bert: Person; chatId: string }> {
  const [anna, bert] = [await join("anna"), await join("bert")];
  const chatId = await anna.engine.startChat([bert.username]);
  await bert.sees(chatId);
  await bert.engine.acceptInvitation(chatId);
  await anna.engine.send(chatId, newId(), "lunch?");
  await shows(bert, chatId, ({ text }) => text === "lunch?");
  await shows(anna, chatId, ({ state }) => state === "sent");
  return { anna, bert, chatId };
}

const signsOf = ({ reactions = [] }: MessageItem) => reactions.map(({ sender, text }) => `${sender} ${text}`);

suite("changes that users make", {
  "CONVERSATIONS: a reaction is on both sides and after a restart, and is taken back": async (
    world,
  ) => {
    const { anna, bert, chatId } = await twoPeople(world);
    const [message] = await messages(bert, chatId);
    await bert.engine.react(chatId, message, "👍");
    await bert.engine.react(chatId, message, "👍");
    const given = [`${bert.username} 👍`];
    assert.deepEqual(signsOf((await messages(bert, chatId))[0]), given, "at once where it is made");
    await shows(anna, chatId, (item) => signsOf(item).join() === given.join());
    assert.equal((await anna.chat(chatId))!.lastMessage!.text, "lunch?");
    await anna.crash();
    await bert.crash();
    assert.deepEqual(signsOf((await messages(bert, chatId))[0]), given);
    assert.deepEqual(signsOf((await messages(anna, chatId))[0]), given);
    await bert.connected();
    const ref: MessageRef = (await messages(bert, chatId))[0];
    await bert.engine.takeBackReaction(chatId, ref, "👍");
    await shows(anna, chatId, (item) => item.reactions === undefined);
    assert.equal((await messages(bert, chatId))[0].reactions, undefined);
  },

  "CONVERSATIONS: an edit is marked on both sides and keeps the versions before; nobody edits another's": async (
    world,
  ) => {
    const { anna, bert, chatId } = await twoPeople(world);
    const [message] = await messages(anna, chatId);
    await anna.engine.editMessage(chatId, message, "dinner?");
    const edited = await shows(bert, chatId, ({ text }) => text === "dinner?");
    assert.equal(edited.edited, true);
    assert.deepEqual(edited.versions!.map(({ text }) => text), ["lunch?"]);
    await assert.rejects(bert.engine.editMessage(chatId, edited, "breakfast?"), /L019/);
    await assert.rejects(bert.engine.deleteForEveryone(chatId, edited), /L019/);
    await assert.rejects(anna.engine.editMessage(chatId, message, " "), /L032/);
    assert.equal((await messages(anna, chatId))[0].text, "dinner?");
    assert.equal((await anna.chat(chatId))!.lastMessage!.text, "dinner?");
  },

  "CONVERSATIONS: a message is deleted for everyone, and another for one device alone": async (world) => {
    const { anna, bert, chatId } = await twoPeople(world);
    await anna.engine.send(chatId, newId(), "a secret");
    await shows(bert, chatId, ({ text }) => text === "a secret");
    const [lunch, secret] = await messages(anna, chatId);
    await anna.engine.deleteForEveryone(chatId, secret);
    const gone = await shows(bert, chatId, ({ deleted }) => deleted === true);
    assert.equal(gone.text, "");
    assert.equal((await bert.chat(chatId))!.lastMessage!.deleted, true);
    const [, deleted] = await messages(bert, chatId);
    await bert.engine.deleteForMe(chatId, deleted);
    assert.deepEqual((await messages(bert, chatId)).map(({ text }) => text), ["lunch?"]);
    assert.equal((await bert.chat(chatId))!.lastMessage!.text, "lunch?");
    await bert.engine.deleteForMe(chatId, (await messages(bert, chatId))[0]);
    assert.equal((await bert.chat(chatId))!.lastMessage, undefined);
    // What comes later for a line that is gone here changes nothing.
    await anna.engine.react(chatId, lunch, "😀");
    await anna.engine.send(chatId, newId(), "and later");
    await shows(bert, chatId, ({ text }) => text === "and later");
    await bert.crash();
    assert.deepEqual((await messages(bert, chatId)).map(({ text }) => text), ["and later"]);
    assert.deepEqual((await messages(anna, chatId)).map(({ text }) => text), ["lunch?", "", "and later"]);
  },

  "CONVERSATIONS: a reply names its message on both sides; a text is forwarded to another chat": async (world) => {
    const { anna, bert, chatId } = await twoPeople(world);
    const [lunch] = await messages(bert, chatId);
    await bert.engine.send(chatId, newId(), "at noon", { replyTo: lunch });
    const reply = await shows(anna, chatId, ({ text }) => text === "at noon");
    const [first] = await messages(anna, chatId);
    assert.equal(reply.replyTo!.order, first.order);
    assert.equal((await messages(bert, chatId)).at(-1)!.replyTo!.messageId, lunch.messageId);
    const group = await bert.engine.startChat([anna.username], "another");
    const [, noon] = await messages(bert, chatId);
    await bert.engine.forward(chatId, noon, [{ chatId: group, messageId: newId() }]);
    await anna.sees(group);
    await shows(anna, group, ({ text, replyTo }) => text === "at noon" && replyTo === undefined);
  },

  "CONVERSATIONS: changes made offline go out in their order, once, also after a restart": async (world) => {
    const { anna, bert, chatId } = await twoPeople(world);
    anna.online = false;
    anna.disconnect();
    await anna.engine.send(chatId, newId(), "one");
    const waiting = (await messages(anna, chatId)).at(-1)!;
    await anna.engine.editMessage(chatId, waiting, "two");
    await anna.engine.react(chatId, (await messages(anna, chatId))[0], "🎉");
    await anna.crash();
    anna.online = true;
    await anna.connected();
    const edited = await shows(bert, chatId, ({ text }) => text === "two");
    assert.equal(edited.edited, true);
    await bert.until(async () => signsOf((await messages(bert, chatId))[0]).length === 1, "the reaction");
    assert.deepEqual((await messages(bert, chatId)).map(({ text }) => text), ["lunch?", "two"]);
  },

  "CONVERSATIONS: what one device changes, the account's other device shows": async ({ core, join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username]);
    await bert.sees(chatId);
    await bert.engine.acceptInvitation(chatId);
    const phone = await bert.secondDevice(core);
    try {
      const { chatId: there } = await phone.until(async () => (await phone.engine.chats())[0], "the chat");
      for (const text of ["one", "two"]) await bert.says(chatId, text);
      await phone.hears(there, bert.username, ["one", "two"]);
      const [one, two] = await messages(phone, there);
      await phone.engine.editMessage(there, one, "the first");
      await phone.engine.react(there, two, "🎉");
      for (const [person, id] of [[bert, chatId], [anna, chatId], [phone, there]] as const) {
        await person.until(async () => {
          const [first, second] = await messages(person, id);
          return first?.text === "the first" && second && signsOf(second).join() === `${bert.username} 🎉`;
        }, "the changes");
      }
      await bert.engine.takeBackReaction(chatId, (await messages(bert, chatId))[1], "🎉");
      await phone.until(async () => (await messages(phone, there))[1].reactions === undefined, "the sign to go");
    } finally {
      await phone.close();
    }
  },

  "CONVERSATIONS: a reaction is a short sign": async (world) => {
    const { bert, chatId } = await twoPeople(world);
    const [message] = await messages(bert, chatId);
    await assert.rejects(bert.engine.react(chatId, message, "a".repeat(maxReactionBytes + 1)), /L011/);
    await assert.rejects(bert.engine.react(chatId, message, "\u200b"), /L032/);
    await bert.engine.react(chatId, { order: "nowhere", messageId: newId() }, "👍");
  },
});

suite("changes and a restored server", {
  "CONVERSATIONS: a reaction, an edit and a delete that a restored server has lost are sent again": async (world) => {
    const { anna, bert, chatId } = await twoPeople(world);
    for (const text of ["second", "third"]) await anna.says(chatId, text);
    await bert.hears(chatId, anna.username, ["lunch?", "second", "third"]);
    await anna.settled(chatId);
    bert.online = false;
    bert.disconnect();
    const copy = await world.core.backup();
    await anna.connected();
    const [lunch, second, third] = await messages(anna, chatId);
    await anna.engine.react(chatId, lunch, "👍");
    await anna.engine.editMessage(chatId, second, "the second");
    await anna.engine.deleteForEveryone(chatId, third);
    await anna.engine.settled(AbortSignal.timeout(60_000));
    await world.core.restore(copy);
    bert.online = true;
    await bert.until(async () => {
      const [first, ...others] = await messages(bert, chatId);
      return signsOf(first).length === 1 && others[0].text === "the second" && others[1].deleted;
    }, "the changes");
    assert.deepEqual(anna.problems, []);
  },
});
