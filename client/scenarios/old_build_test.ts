import assert from "node:assert/strict";
import { toHex } from "../../schema/bytes.ts";
import type { MessageItem } from "../api/engine_api.ts";
import { type Person, suite } from "../testing/person.ts";
import { personOfPreviousBuild, update } from "../testing/previous_build.ts";

const newId = () => toHex(crypto.getRandomValues(new Uint8Array(16)));

async function newest(person: Person, chatId: string): Promise<MessageItem | undefined> {
  const { items } = await person.engine.timeline(chatId);
  return items.findLast((item) => item.kind === "message");
}

async function talk(anna: Person, olga: Person): Promise<void> {
  const chatId = await anna.engine.startChat([olga.username], "both");
  await olga.sees(chatId);
  await olga.engine.acceptInvitation(chatId);
  const hears = async (from: Person, to: Person, text: string) => {
    await from.engine.send(chatId, newId(), text);
    await to.until(async () => (await newest(to, chatId))?.text === text, text);
  };
  await hears(anna, olga, "from the new one");
  await hears(olga, anna, "from the old one");
  // Commits of both, with leaves of both kinds.
  await anna.engine.renameChat(chatId, "renamed by anna");
  await olga.sees(chatId, ({ title }) => title === "renamed by anna");
  await anna.engine.setRole(chatId, olga.username, "admin");
  await olga.sees(chatId, ({ members }) => members.every(({ role }) => role === "admin"));
  await olga.engine.renameChat(chatId, "renamed by olga");
  await anna.sees(chatId, ({ title }) => title === "renamed by olga");
  // A reply goes: the version before shows it.
  await anna.engine.send(chatId, newId(), "a reply", { replyTo: (await newest(anna, chatId))! });
  await olga.until(async () => (await newest(olga, chatId))?.text === "a reply", "the reply");
  assert.deepEqual((await anna.chat(chatId))!.features, []);
  const message = (await newest(anna, chatId))!;
  await assert.rejects(anna.engine.react(chatId, message, "👍"), /L044/);
  await assert.rejects(anna.engine.editMessage(chatId, message, "another"), /L044/);
  await assert.rejects(anna.engine.deleteForEveryone(chatId, message), /L044/);
  const file = { name: "a.txt", type: "text/plain", source: new Blob(["a file"]) };
  await assert.rejects(anna.engine.sendFiles(chatId, newId(), [file], ""), /L044/);
  assert.equal((await newest(anna, chatId))!.text, "a reply");
  const pair = await olga.engine.startChat([anna.username]);
  await anna.sees(pair);
  await update(olga);
  await anna.sees(chatId, ({ features }) => features.includes("changes"));
  await olga.sees(chatId, ({ features }) => features.includes("changes"));
  await anna.engine.react(chatId, message, "👍");
  await olga.until(async () => (await newest(olga, chatId))?.reactions?.length === 1, "the reaction");
}

suite("old and new builds in one group", {
  "CONVERSATIONS: a group with a device of the version before takes texts and commits, and changes once it is updated":
    async ({ core, join }) => {
      const anna = await join("anna");
      const olga = await personOfPreviousBuild(core, "olga");
      try {
        await talk(anna, olga);
      } finally {
        await olga.close();
      }
    },
});
