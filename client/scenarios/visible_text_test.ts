import assert from "node:assert/strict";
import { toHex } from "../../schema/bytes.ts";
import { EngineError } from "../api/errors.ts";
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
});
