import assert from "node:assert/strict";
import { systemEnvironment } from "../runtime/environment.ts";
import { password, Person, suite } from "../testing/person.ts";
import { quiet } from "../testing/quiet.ts";

/** Turns of their real length, which a busy machine does not use up: fetch, commit and delivery fit into one. */
const unhurried = { after: systemEnvironment.after };

/** Counts how often any of these people fetch KeyPackages from now on. */
function countFetches(people: Person[]): () => number {
  let fetches = 0;
  for (const person of people) {
    person.refuses = (method) => {
      if (method === "fetchKeyPackage") fetches++;
      return false;
    };
  }
  return () => fetches;
}

suite("a changed device list reaches those who have something to do", {
  "PEOPLE B1: an own device that is online adds a new one, with one KeyPackage for each chat": async (
    { core, join },
  ) => {
    const [anna, bert, carl] = [
      await join("anna", unhurried),
      await join("bert", unhurried),
      await join("carl", unhurried),
    ];
    const direct = await anna.engine.startChat([bert.username]);
    const trio = await bert.engine.startChat([anna.username, carl.username], "Board");
    await anna.sees(trio);
    await anna.engine.acceptInvitation(trio);
    for (const person of [bert, carl]) await person.sees(person === bert ? direct : trio);
    await quiet([anna, bert, carl]);
    const fetches = countFetches([anna, bert, carl]);
    const second = await anna.secondDevice(core);
    try {
      for (const chatId of [direct, trio]) assert.equal((await second.sees(chatId)).invitation, false);
      await carl.until(
        async () => (await carl.notices(trio)).some((notice) => notice.startsWith(`device-added ${anna.username}`)),
        "the line about the device",
      );
      await carl.says(trio, "all of us");
      await second.until(async () => (await second.texts(trio)).includes("all of us"), "what is said from now on");
      await quiet([anna, bert, carl]);
      for (const chatId of [direct, trio]) assert.equal(core.log.channel(chatId).members.length, 3, "one commit each");
      assert.equal(fetches(), 2);
    } finally {
      await second.close();
    }
  },

  "PEOPLE B1: with no own device online one member adds the new one, and fetches the only KeyPackage": async (
    { core, join },
  ) => {
    const [anna, ...others] = [
      await join("anna", unhurried),
      await join("bert", unhurried),
      await join("carl", unhurried),
      await join("dora", unhurried),
      await join("emil", unhurried),
    ];
    const chatId = await anna.engine.startChat(others.map(({ username }) => username), "Board");
    for (const person of others) {
      await person.sees(chatId);
      await person.engine.acceptInvitation(chatId);
    }
    await quiet([anna, ...others]);
    await anna.close();
    const fetches = countFetches(others);
    const second = await Person.device(core, anna.username, 77);
    try {
      await second.engine.signIn(anna.username, password);
      const chat = await second.sees(chatId);
      assert.equal(chat.invitation, false, "it is the account's own chat, whoever adds the device");
      await quiet(others);
      assert.equal(core.log.channel(chatId).members.length, 3);
      assert.deepEqual([...core.log.channel(chatId).conflicts.values()], [], "nobody else tried");
      assert.equal(fetches(), 1);
    } finally {
      await second.close();
    }
  },

  "PEOPLE B1: a device that was signed out leaves every group by one commit": async ({ core, join }) => {
    const [anna, bert, carl] = [
      await join("anna", unhurried),
      await join("bert", unhurried),
      await join("carl", unhurried),
    ];
    const chatId = await bert.engine.startChat([anna.username, carl.username], "Board");
    await anna.sees(chatId);
    await anna.engine.acceptInvitation(chatId);
    const lost = await anna.secondDevice(core);
    try {
      await lost.sees(chatId);
      await quiet([anna, bert, carl]);
      const { deviceId } = await lost.engine.account() as { deviceId: string };
      const before = core.log.channel(chatId).members.length;
      await anna.engine.revokeDevice(deviceId, password);
      const gone = `device-removed ${anna.username} ${deviceId.slice(0, 8)}`;
      for (const person of [bert, carl]) {
        await person.until(async () => (await person.notices(chatId)).includes(gone), "the line about the device");
      }
      await quiet([anna, bert, carl]);
      assert.equal(core.log.channel(chatId).members.length, before + 1);
    } finally {
      await lost.close();
    }
  },

  "PEOPLE B1: a device that waits for its chats says how many": async ({ core, join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const [direct, group] = [
      await anna.engine.startChat([bert.username]),
      await anna.engine.startChat([bert.username], "Board"),
    ];
    await bert.sees(group);
    await quiet([anna, bert]);
    assert.equal(await anna.engine.awaitedChats(), 0);
    for (const person of [anna, bert]) {
      person.online = false;
      person.disconnect();
    }
    const second = await anna.secondDevice(core);
    try {
      await second.until(async () => await second.engine.awaitedChats() === 2, "the number of chats");
      assert.deepEqual(await second.engine.chats(), []);
      assert.ok(second.events.some((event) => event.kind === "awaited" && event.chats === 2));
      anna.online = true;
      await anna.engine.wake();
      for (const chatId of [direct, group]) await second.sees(chatId);
      await second.until(async () => await second.engine.awaitedChats() === 0, "the end of the wait");
      bert.online = true;
      await bert.engine.wake();
      await anna.engine.leaveChat(group);
      await anna.sees(group, ({ active }) => !active);
      await quiet([anna]);
      anna.online = false;
      anna.disconnect();
      bert.online = false;
      bert.disconnect();
      const third = await Person.device(core, anna.username, 78);
      try {
        second.online = false;
        second.disconnect();
        await third.engine.signIn(anna.username, password);
        await third.until(async () => await third.engine.awaitedChats() === 1, "the chat that is left");
      } finally {
        await third.close();
      }
    } finally {
      await second.close();
    }
  },
});
