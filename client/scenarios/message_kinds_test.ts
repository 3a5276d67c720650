import assert from "node:assert/strict";
import { fromHex, toHex } from "../../schema/bytes.ts";
import { container, textBody } from "../content/body.ts";
import type { NestedPart } from "../content/mimi_content.ts";
import { editedPrefix, type EditedRecord } from "../sync/conversation/records.ts";
import { ContentSender } from "../testing/content_sender.ts";
import { random } from "../testing/hostile_member.ts";
import {
  annaAndBert,
  annaAndHerSecond,
  arrived,
  knownIds,
  shown,
  shows,
  stored,
  storeOf,
  write,
} from "../testing/message_kinds.ts";
import { suite } from "../testing/person.ts";
import { Wiretap } from "../testing/wiretap.ts";

const dayMs = 24 * 3_600_000;

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

  "the same bytes under another messageId are no second message, and deleted with the first": async (world) => {
    const { anna, chatId, sender } = await annaAndBert(world);
    const text = write.text("a secret");
    const id = await sender.send(text);
    await sender.send(text);
    await anna.sees(chatId, ({ unread }) => unread > 0);
    await anna.crash();
    await sender.send(text);
    await sender.send(write.delete(id));
    await sender.send(text);
    await arrived(anna, chatId, sender);
    assert.deepEqual(await shown(anna, chatId), [{ text: "", deleted: true }]);
    assert.equal((await anna.chat(chatId))!.unread, 2, "the message and the mark");
    assert.doesNotMatch(await stored(anna), /a secret/);
    assert.deepEqual(await anna.notices(chatId), [`created ${anna.username}`]);
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
    assert.ok(original.kind === "message");
    const { order, messageId } = original;
    assert.deepEqual(reply, { text: "yes", replyTo: { id: toHex(id), order, messageId } });
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
    // The first message is under way, and the second one waits behind it.
    const { promise: answer, reject: loseAnswer } = Promise.withResolvers<void>();
    answer.catch(() => {});
    tap.holdsAnswer = ({ method }) => method === "publish" ? answer : undefined;
    anna.wrapTransport = tap.wrap;
    await anna.crash();
    await anna.connected();
    await anna.says(chatId, "first words");
    // Two that wait together would go in one call of another name.
    await anna.until(() => tap.of("publish").length > 0, "the first try");
    await anna.says(chatId, "a secret");
    const [first, secret] = await knownIds(anna, chatId);
    await sender.send(write.edit("other words", fromHex(first)));
    await sender.send(write.delete(fromHex(secret)));
    await anna.until(async () => (await shown(anna, chatId)).some(({ deleted }) => deleted), "the delete");
    tap.holdsAnswer = () => undefined;
    loseAnswer(new Error("the answer was lost"));
    await anna.says(chatId, "next");
    await bert.until(async () => (await bert.texts(chatId)).includes("next"), "the next message");
    await anna.settled(chatId);
    const lines = [{ text: "other words", edited: true }, { text: "", deleted: true }, { text: "next" }];
    assert.deepEqual(await shown(anna, chatId), lines);
    assert.deepEqual(await shown(bert, chatId), lines.filter(({ deleted }) => !deleted));
    assert.doesNotMatch(await stored(anna), /a secret/);
    assert.deepEqual(await storeOf(anna).range("outbox", ""), []);
    const [{ order }] = (await anna.items(chatId)).filter(({ kind }) => kind === "message");
    const edited = await storeOf(anna).range<EditedRecord>("messageids", editedPrefix);
    assert.deepEqual(edited.map(({ value }) => value.order), [order], "the mark has moved with its line");
  },

  "the first text of an own message that is edited later than a resend goes back is gone at once": async (world) => {
    const { anna, chatId, sender } = await annaAndHerSecond(world);
    await anna.says(chatId, "a secret");
    await anna.settled(chatId);
    world.core.time.pass(29 * dayMs);
    const [id] = await knownIds(anna, chatId);
    await sender.send(write.edit("other words", fromHex(id)));
    await shows(anna, chatId, { text: "other words", edited: true });
    assert.doesNotMatch(await stored(anna), /a secret/);
  },

  "the first text of an edited own message goes once a resend goes back no further": async (world) => {
    const { anna, chatId, sender } = await annaAndHerSecond(world);
    await anna.says(chatId, "a secret");
    await anna.settled(chatId);
    const [id] = await knownIds(anna, chatId);
    await sender.send(write.edit("other words", fromHex(id)));
    await anna.until(async () => (await shown(anna, chatId))[0]?.edited, "the edit");
    world.core.time.pass(27 * dayMs);
    await anna.crash();
    await anna.connected();
    assert.match(await stored(anna), /a secret/, "it may be sent again until then");
    world.core.time.pass(2 * dayMs);
    await anna.crash();
    await anna.until(async () => !/a secret/.test(await stored(anna)), "the first text to be gone");
    await shows(anna, chatId, { text: "other words", edited: true });
    assert.deepEqual(await storeOf(anna).range("messageids", editedPrefix), []);
  },

  "the bytes of what can not be shown go with its edit": async (world) => {
    const { anna, chatId, sender } = await annaAndBert(world);
    const picture = container(random(16), { ...textBody("bytes of it"), contentType: "image/png" } as NestedPart);
    const id = await sender.send(picture);
    await sender.send(write.edit("words", id));
    await shows(anna, chatId, { text: "words", edited: true });
    assert.doesNotMatch(await stored(anna), /bytes of it/);
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
