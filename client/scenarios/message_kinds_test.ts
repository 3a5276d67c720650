import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { type Bytes, fromHex, toHex } from "../../schema/bytes.ts";
import type { MessageContent } from "../api/engine_api.ts";
import { container, textBody } from "../content/body.ts";
import { deleteKind } from "../content/kinds/delete.ts";
import { editKind } from "../content/kinds/edit.ts";
import { reactionKind } from "../content/kinds/reaction.ts";
import { replyKind } from "../content/kinds/reply.ts";
import { textKind } from "../content/kinds/text.ts";
import type { NestedPart } from "../content/mimi_content.ts";
import { SealedStore } from "../storage/sealed_store.ts";
import { contentOf, type MessageItem } from "../sync/conversation/message_item.ts";
import type { SeenRecord } from "../sync/conversation/records.ts";
import { ContentSender } from "../testing/content_sender.ts";
import { random } from "../testing/hostile_member.ts";
import { type Person, suite, type World } from "../testing/person.ts";
import { Wiretap } from "../testing/wiretap.ts";

const write = {
  text: (text: string) => textKind.write({ text }, random(16)),
  reply: (text: string, inReplyTo: Bytes) => replyKind.write({ text, inReplyTo }, random(16)),
  reaction: (text: string, inReplyTo: Bytes) => reactionKind.write({ texts: [text], inReplyTo }, random(16)),
  edit: (text: string, replaces: Bytes) => editKind.write({ text, replaces }, random(16)),
  delete: (replaces: Bytes) => deleteKind.write({ replaces }, random(16)),
};

/** Anna's engine, and bert who sends what the test says. */
async function annaAndBert({ core, join }: World) {
  const [anna, bert] = [await join("anna"), await join("bert")];
  const chatId = await anna.engine.startChat([bert.username], "kinds");
  await bert.sees(chatId);
  const sender = await ContentSender.of(core, bert, chatId);
  return { anna, bert, chatId, sender };
}

const mark = "all before this is there";

/** Sends a last message and waits for it: all that the sender sent before it is there then. */
async function arrived(person: Person, chatId: string, sender: ContentSender): Promise<void> {
  await sender.send(write.text(mark));
  await person.until(async () => (await person.texts(chatId)).includes(mark), "the mark");
}

/** What the messages of a conversation show, without the mark. */
async function shown(person: Person, chatId: string): Promise<MessageContent[]> {
  const items = (await person.items(chatId)).filter((item) => item.kind === "message" && item.text !== mark);
  return items.map((item) => contentOf(item as MessageItem));
}

/** Waits until the only message of the conversation shows this, and sees the same from disk. */
async function shows(person: Person, chatId: string, content: MessageContent): Promise<void> {
  const looksSo = async () => isDeepStrictEqual((await shown(person, chatId))[0], content);
  await person.until(looksSo, JSON.stringify(content));
  await person.crash();
  assert.deepEqual(await shown(person, chatId), [content]);
}

const storeOf = (person: Person) => new SealedStore(person.storage.restarted(), person.wrappingKey);

/** All that the device stores of conversations, readable. */
async function stored(person: Person): Promise<string> {
  const stores = ["messages", "outbox", "groups", "messageids", "unreadable"] as const;
  const all = await Promise.all(stores.map((store) => storeOf(person).range<unknown>(store, "")));
  const readable = (_key: string, value: unknown) =>
    value instanceof Uint8Array ? new TextDecoder().decode(value) : value;
  return all.flat().map(({ value }) => JSON.stringify(value, readable)).join("\n");
}

/** @returns the MIMI ids that a device knows in a conversation, as hex, in the order of their lines */
async function knownIds(person: Person, chatId: string): Promise<string[]> {
  const prefix = `${chatId}/mimi/`;
  const known = await storeOf(person).range<SeenRecord>("messageids", prefix);
  known.sort((a, b) => a.value.order < b.value.order ? -1 : 1);
  return known.map(({ key }) => key.slice(prefix.length));
}

suite("kinds of messages", {
  "a deleted text is gone from its line, the chat list and the disk": async (world) => {
    const { anna, chatId, sender } = await annaAndBert(world);
    const id = await sender.send(write.text("a secret"));
    await anna.sees(chatId, ({ lastMessage }) => lastMessage?.text === "a secret");
    await sender.send(write.delete(id));
    const { lastMessage, unread } = await anna.sees(chatId, ({ lastMessage }) => lastMessage?.deleted === true);
    assert.equal(lastMessage!.text, "");
    assert.equal(unread, 1);
    await shows(anna, chatId, { text: "", deleted: true });
    assert.doesNotMatch(await stored(anna), /a secret/);
  },

  "a deleted text that is not the newest leaves the chat list as it is": async (world) => {
    const { anna, chatId, sender } = await annaAndBert(world);
    const id = await sender.send(write.text("a secret"));
    await sender.send(write.text("the newest"));
    await sender.send(write.delete(id));
    await anna.until(async () => (await shown(anna, chatId))[0]?.deleted, "the delete");
    assert.equal((await anna.chat(chatId))!.lastMessage!.text, "the newest");
  },

  "a delete of a message that is not there makes no line, and deletes the message when it comes": async (world) => {
    const { anna, chatId, sender } = await annaAndBert(world);
    const late = write.text("a secret");
    await sender.send(write.delete(await sender.idOf(late)));
    await arrived(anna, chatId, sender);
    assert.deepEqual(await shown(anna, chatId), []);
    await anna.crash();
    await sender.send(late);
    await shows(anna, chatId, { text: "", deleted: true });
    assert.doesNotMatch(await stored(anna), /a secret/);
    assert.deepEqual(await anna.notices(chatId), [`created ${anna.username}`]);
  },

  "an edit and a reaction that come before their message are made when it comes, with what was done to them": async (
    world,
  ) => {
    const { anna, bert, chatId, sender } = await annaAndBert(world);
    const late = write.text("first words");
    const id = await sender.idOf(late);
    const edit = write.edit("second words", id);
    const reactions = ["👍", "🎉"].map((sign) => write.reaction(sign, id));
    await sender.send(write.edit("third words", await sender.idOf(edit)));
    await sender.send(write.delete(await sender.idOf(reactions[0])));
    for (const content of [edit, ...reactions]) await sender.send(content);
    await arrived(anna, chatId, sender);
    assert.deepEqual(await shown(anna, chatId), []);
    await sender.send(late);
    const account = (await anna.chat(chatId))!.members.find(({ self }) => !self)!;
    await shows(anna, chatId, {
      text: "third words",
      edited: true,
      reactions: [{
        id: toHex(await sender.idOf(reactions[1])),
        sender: bert.username,
        senderKey: account.accountKey,
        text: "🎉",
      }],
    });
    assert.deepEqual(await storeOf(anna).range("messageids", `${chatId}/ahead/`), []);
  },

  "what is kept of changes to an unknown message is bounded by number and length": async (world) => {
    const { anna, chatId, sender } = await annaAndBert(world);
    const late = write.text("first words");
    const id = await sender.idOf(late);
    await sender.send(write.edit("long ".repeat(5_000), id));
    for (let count = 1; count <= 10; count++) await sender.send(write.edit(`edit ${count}`, id));
    await sender.send(late);
    await shows(anna, chatId, { text: "edit 8", edited: true });
  },

  "a reaction is kept with its message: no line, not unread, nothing in the chat list; its sender takes it back":
    async (world) => {
      const { anna, bert, chatId, sender } = await annaAndBert(world);
      const id = await sender.send(write.text("lunch?"));
      const reaction = await sender.send(write.reaction("👍", id));
      await anna.until(async () => (await shown(anna, chatId))[0]?.reactions, "the reaction");
      const { unread, lastMessage } = (await anna.chat(chatId))!;
      assert.deepEqual([unread, lastMessage!.text], [1, "lunch?"]);
      const [{ reactions }] = await shown(anna, chatId);
      assert.deepEqual(reactions!.map(({ sender, text }) => [sender, text]), [[bert.username, "👍"]]);
      await sender.send(write.delete(reaction));
      await shows(anna, chatId, { text: "lunch?" });
      await sender.send(write.delete(reaction));
      await arrived(anna, chatId, sender);
      assert.deepEqual(await shown(anna, chatId), [{ text: "lunch?" }], "taken back twice, the message stays");
    },

  "an edit changes the text in the line and in the chat list, is marked, and is not unread": async (world) => {
    const { anna, chatId, sender } = await annaAndBert(world);
    const id = await sender.send(write.text("firts words"));
    const edit = await sender.send(write.edit("first words", id));
    await anna.sees(chatId, ({ lastMessage, unread }) => lastMessage?.text === "first words" && unread === 1);
    await sender.send(write.edit("last words", edit));
    await shows(anna, chatId, { text: "last words", edited: true });
  },

  "nobody edits or deletes another account's message: it stays, and a notice names the sender": async (world) => {
    const { anna, bert, chatId, sender } = await annaAndBert(world);
    await anna.says(chatId, "mine");
    await anna.settled(chatId);
    const [id] = (await knownIds(anna, chatId)).map(fromHex);
    await sender.send(write.edit("yours", id));
    await sender.send(write.delete(id));
    await arrived(anna, chatId, sender);
    assert.deepEqual(await shown(anna, chatId), [{ text: "mine" }]);
    const refused = `rejected ${bert.username} content`;
    assert.deepEqual((await anna.notices(chatId)).slice(1), [refused, refused]);
  },

  "a reply is a line that says where its original is": async (world) => {
    const { anna, chatId, sender } = await annaAndBert(world);
    const id = await sender.send(write.text("lunch?"));
    await sender.send(write.reply("yes", id));
    await sender.send(write.reply("no idea to what", await sender.idOf(write.text("never sent"))));
    await arrived(anna, chatId, sender);
    const [original] = await anna.items(chatId).then((items) => items.filter(({ kind }) => kind === "message"));
    const [, reply, other] = await shown(anna, chatId);
    assert.deepEqual(reply, { text: "yes", replyTo: { id: toHex(id), order: original.order } });
    assert.deepEqual([other.text, other.replyTo!.order], ["no idea to what", undefined]);
  },

  "what this version can not show is a line that says so, and its bytes are kept": async (world) => {
    const { anna, chatId, sender } = await annaAndBert(world);
    const picture = container(random(16), { ...textBody("bytes of it"), contentType: "image/png" } as NestedPart);
    await sender.send(picture);
    await anna.sees(chatId, ({ lastMessage }) => lastMessage?.unsupported === true);
    await shows(anna, chatId, { text: "[image/png]", unsupported: true });
    assert.match(await stored(anna), /bytes of it/);
  },

  "what another device of the account edits or deletes stays so when the first one's outbox goes on": async (
    { core, join },
  ) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username], "kinds");
    const second = await anna.secondDevice(core);
    await anna.crash();
    await second.sees(chatId);
    const sender = await ContentSender.of(core, second, chatId);
    const tap = new Wiretap();
    tap.losesAnswer = ({ method }) => method === "publish";
    anna.wrapTransport = tap.wrap;
    await anna.crash();
    await anna.connected();
    await anna.says(chatId, "first words");
    await anna.says(chatId, "a secret");
    await anna.until(() => tap.of("publish").length > 0, "the first try");
    const [first, secret] = await knownIds(anna, chatId);
    await sender.send(write.edit("other words", fromHex(first)));
    await sender.send(write.delete(fromHex(secret)));
    await anna.until(async () => (await shown(anna, chatId))[1]?.deleted, "the delete");
    tap.losesAnswer = () => false;
    await anna.says(chatId, "next");
    await bert.until(async () => (await bert.texts(chatId)).includes("next"), "the next message");
    await anna.settled(chatId);
    const lines = [{ text: "other words", edited: true }, { text: "", deleted: true }, { text: "next" }];
    assert.deepEqual(await shown(anna, chatId), lines);
    assert.deepEqual(await shown(bert, chatId), lines.filter(({ deleted }) => !deleted));
    assert.doesNotMatch(await stored(anna), /a secret/);
    assert.deepEqual(await storeOf(anna).range("outbox", ""), []);
  },

  "what is sent again after a restore are the bytes of the first time, of an edited message too": async (
    { core, join },
  ) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username], "kinds");
    const second = await anna.secondDevice(core);
    await anna.crash();
    await second.sees(chatId);
    await bert.until(
      async () => (await bert.notices(chatId)).some((line) => line.startsWith("device-added")),
      "a line",
    );
    const copy = await core.backup();
    await anna.connected();
    bert.online = false;
    bert.disconnect();
    const sender = await ContentSender.of(core, second, chatId);
    await anna.says(chatId, "first words");
    await anna.settled(chatId);
    const [id] = await knownIds(anna, chatId);
    await sender.send(write.edit("other words", fromHex(id)));
    await anna.until(async () => (await shown(anna, chatId))[0]?.edited, "the edit");
    await core.restore(copy);
    bert.online = true;
    await bert.hears(chatId, anna.username, ["first words"]);
    assert.deepEqual(await knownIds(bert, chatId), [id]);
  },
});
