import assert from "node:assert/strict";
import { type Person, suite } from "../testing/person.ts";

async function group(people: Person[]): Promise<string> {
  const [creator, ...others] = people;
  const chatId = await creator.engine.startChat(others.map(({ username }) => username), "before");
  await Promise.all(others.map((person) => person.sees(chatId)));
  return chatId;
}

const admins = (people: { members: { username: string; role: string }[] }) =>
  people.members.filter(({ role }) => role === "admin").map(({ username }) => username).sort();

suite("names and roles", {
  "GRP-2.5: an admin renames and promotes, a member may neither, and everybody sees who did what": async ({ join }) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const chatId = await group([anna, bert, carl]);
    await assert.rejects(bert.engine.renameChat(chatId, "mine"), /L019 GRP-2.5/);
    await assert.rejects(bert.engine.setRole(chatId, bert.username, "admin"), /L019 GRP-2.5/);
    await anna.engine.renameChat(chatId, " after ");
    await anna.engine.setRole(chatId, bert.username, "admin");
    await Promise.all(
      [anna, bert, carl].map((person) =>
        person.sees(chatId, (chat) => chat.title === "after" && admins(chat).length === 2)
      ),
    );
    assert.deepEqual((await carl.notices(chatId)).slice(1), [
      `renamed ${anna.username} after`,
      `promoted ${anna.username} ${bert.username}`,
    ]);
    await bert.engine.setRole(chatId, anna.username, "member");
    await carl.sees(chatId, (chat) => admins(chat).join() === bert.username);
    assert.equal((await carl.notices(chatId)).at(-1), `demoted ${bert.username} ${anna.username}`);
    await assert.rejects(anna.engine.removePerson(chatId, carl.username), /L019 GRP-3.3/);
  },

  "GRP-3.4: the last admin can not step down, and makes somebody else admin when leaving": async ({ join }) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const chatId = await group([anna, bert, carl]);
    await assert.rejects(anna.engine.setRole(chatId, anna.username, "member"), /L019 GRP-3.4/);
    await anna.engine.leaveChat(chatId);
    const chat = await bert.sees(chatId, ({ members }) => members.length === 2);
    assert.equal(admins(chat).length, 1);
    const heir = admins(chat)[0] === bert.username ? bert : carl;
    await heir.engine.renameChat(chatId, "goes on");
    await (heir === bert ? carl : bert).sees(chatId, ({ title }) => title === "goes on");
    await anna.until(async () => (await anna.chat(chatId))?.active === false, "to be out");
  },

  "names are trimmed, of at most 200 characters, and only groups have one": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await group([anna, bert]);
    await assert.rejects(anna.engine.renameChat(chatId, "  "), /L032/);
    const long = "x".repeat(201);
    await assert.rejects(anna.engine.renameChat(chatId, long), /L026/);
    await assert.rejects(anna.engine.startChat([bert.username], long), /L026/);
    assert.equal((await anna.engine.chats()).length, 1, "no chat is left of the refused one");
    await assert.rejects(anna.engine.setRole(chatId, "nobody", "admin"), /L004/);
    const direct = await anna.engine.startChat([bert.username]);
    await assert.rejects(anna.engine.renameChat(direct, "two"), /L019/);
    await anna.engine.renameChat(chatId, "before");
    assert.equal(
      (await anna.notices(chatId)).some((notice) => notice.startsWith("renamed")),
      false,
      "nothing to do is no commit",
    );
  },

  "two plans of names and roles at the same time both take place": async ({ join }) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const chatId = await group([anna, bert, carl]);
    await anna.engine.setRole(chatId, bert.username, "admin");
    await bert.sees(chatId, (chat) => admins(chat).length === 2);
    await Promise.all([anna.engine.renameChat(chatId, "both"), bert.engine.setRole(chatId, carl.username, "admin")]);
    await Promise.all(
      [anna, bert, carl].map((person) =>
        person.sees(chatId, (chat) => chat.title === "both" && admins(chat).length === 3)
      ),
    );
  },
});
