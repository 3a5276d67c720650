import assert from "node:assert/strict";
import { toHex } from "../../schema/bytes.ts";
import { EngineError } from "../api/errors.ts";
import { annaAndBert, shown, write } from "../testing/message_kinds.ts";
import { suite } from "../testing/person.ts";

const refused = (work: Promise<unknown>, code: string) =>
  assert.rejects(work, (error) => error instanceof EngineError && error.problem.code === code);
const newId = () => toHex(crypto.getRandomValues(new Uint8Array(16)));

suite("texts that can not be seen", {
  "PEOPLE B8: blank, invisible and broken messages and names are refused by the engine with L032": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username], "talk");
    for (const text of ["", " \n", "\u200b\u2800", "half \ud83d"]) {
      await refused(anna.engine.send(chatId, newId(), text), "L032");
      await refused(anna.engine.renameChat(chatId, text), "L032");
      await refused(anna.engine.startChat([bert.username], text), "L032");
    }
    assert.equal((await anna.engine.chats()).length, 1);
    await bert.sees(chatId);
    await anna.says(chatId, "🐴");
    await bert.hears(chatId, anna.username, ["🐴"]);
  },

  "PEOPLE B8: what another client sends is said to be there, though nothing can be seen": async (world) => {
    const { anna, chatId, sender } = await annaAndBert(world);
    const id = await sender.send(write.text("\u200b"));
    await sender.send(write.reply("\u2800\u202e", id));
    const { unread } = await anna.sees(chatId, ({ unread }) => unread === 2);
    assert.equal(unread, 2);
    const [first, second] = await shown(anna, chatId);
    assert.deepEqual([first.blank, second.blank, second.replyTo?.id], [true, true, toHex(id)]);
    assert.equal((await anna.chat(chatId))!.lastMessage!.blank, true, "the list of chats says so, too");
    await sender.send(write.reaction("\u3164", id));
    await sender.send(write.edit("to be seen", id));
    await anna.until(async () => (await shown(anna, chatId))[0].edited, "the edit");
    const [{ text, blank, reactions }] = await shown(anna, chatId);
    assert.deepEqual([text, blank, reactions?.map((sign) => sign.text)], ["to be seen", undefined, ["\ufffd"]]);
  },
});
