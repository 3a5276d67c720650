import assert from "node:assert/strict";
import { toHex } from "../../schema/bytes.ts";
import { annaAndBert, arrived, shown, shows, stored, storeOf, write } from "../testing/message_kinds.ts";
import { suite } from "../testing/person.ts";

suite("changes that come before their message", {
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

  "a delete that waits takes the place of all that its account has waiting, however much that is": async (world) => {
    const { anna, chatId, sender } = await annaAndBert(world);
    const late = write.text("a secret");
    const id = await sender.idOf(late);
    for (let count = 1; count <= 8; count++) await sender.send(write.edit(`a secret ${count}`, id));
    await sender.send(write.delete(id));
    await sender.send(write.edit("a secret after it", id));
    await arrived(anna, chatId, sender);
    assert.doesNotMatch(await stored(anna), /a secret/);
    await sender.send(late);
    await shows(anna, chatId, { text: "", deleted: true });
    assert.doesNotMatch(await stored(anna), /a secret/);
    assert.deepEqual(await anna.notices(chatId), [`created ${anna.username}`]);
  },

  "a delete that names an edit leaves no text of a message that never comes, in whatever order they are there": async (
    world,
  ) => {
    const { anna, chatId, sender } = await annaAndBert(world);
    const late = write.text("a secret");
    const first = write.edit("a secret 1", await sender.idOf(late));
    const second = write.edit("a secret 2", await sender.idOf(first));
    const third = write.edit("a secret 3", await sender.idOf(second));
    for (const content of [third, second, first]) await sender.send(content);
    await arrived(anna, chatId, sender);
    assert.match(await stored(anna), /a secret 3/);
    await sender.send(write.delete(await sender.idOf(second)));
    await sender.send(write.text("after it"));
    await anna.until(async () => (await anna.texts(chatId)).includes("after it"), "the text after it");
    assert.doesNotMatch(await stored(anna), /a secret/);
    await sender.send(late);
    await anna.until(async () => (await shown(anna, chatId)).some(({ deleted }) => deleted), "the deleted line");
    assert.deepEqual(await storeOf(anna).range("messageids", `${chatId}/ahead/`), []);
  },

  "edits that come before what they change are made in the end, in whatever order they are there": async (world) => {
    const { anna, chatId, sender } = await annaAndBert(world);
    const late = write.text("first words");
    const first = write.edit("second words", await sender.idOf(late));
    const second = write.edit("third words", await sender.idOf(first));
    for (const content of [second, first, first, late]) await sender.send(content);
    await shows(anna, chatId, { text: "third words", edited: true });
    assert.deepEqual(await storeOf(anna).range("messageids", `${chatId}/ahead/`), []);
  },

  "reactions that wait with many edits and a delete each leave nothing behind": async (world) => {
    const { anna, chatId, sender } = await annaAndBert(world);
    const late = write.text("lunch?");
    const id = await sender.idOf(late);
    for (let sign = 1; sign <= 8; sign++) {
      const reaction = await sender.send(write.reaction(`${sign}`, id));
      for (let count = 1; count <= 7; count++) await sender.send(write.edit(`${sign}.${count}`, reaction));
      await sender.send(write.delete(reaction));
    }
    await sender.send(late);
    await shows(anna, chatId, { text: "lunch?" });
    assert.deepEqual(await storeOf(anna).range("messageids", `${chatId}/ahead/`), []);
  },

  "of more changes than are made at once the deletes are made, and none is kept": async (world) => {
    const { anna, chatId, sender } = await annaAndBert(world);
    const late = write.text("lunch?");
    const id = await sender.idOf(late);
    const reactions = Array.from({ length: 8 }, (_, sign) => write.reaction(`${sign}`, id));
    for (const content of reactions) await sender.send(content);
    for (const content of reactions.slice(0, 7)) {
      const reaction = await sender.idOf(content);
      for (let count = 1; count <= 8; count++) await sender.send(write.edit("🎉", reaction));
    }
    await sender.send(write.delete(await sender.idOf(reactions[7])));
    await sender.send(late);
    await anna.until(async () => (await shown(anna, chatId)).length > 0, "the line");
    const [{ reactions: left }] = await shown(anna, chatId);
    assert.equal(left!.some(({ text }) => text === "7"), false);
    assert.deepEqual(await storeOf(anna).range("messageids", `${chatId}/ahead/`), []);
  },
});
