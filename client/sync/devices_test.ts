import assert from "node:assert/strict";
import { password, suite } from "./testing/person.ts";

const next = "another horse, another battery";

suite("several devices of an account", {
  "a revoked device is out of every conversation, with a line in each: it reads nothing that follows, and its session is over": async ({ core, join }) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const direct = await anna.engine.startChat([bert.username]);
    const trio = await bert.engine.startChat([anna.username, carl.username], "Three");
    await anna.sees(trio);
    const stolen = await anna.secondDevice(core);
    try {
      await anna.crash();
      for (const chatId of [direct, trio]) await stolen.sees(chatId);
      await bert.says(trio, "all of us");
      await stolen.until(async () => (await stolen.texts(trio)).includes("all of us"), "a message before it is revoked");
      const { deviceId } = await stolen.engine.account() as { deviceId: string };
      await anna.connected();
      await anna.engine.revokeDevice(deviceId, password);
      const gone = `device-removed ${anna.username} ${deviceId.slice(0, 8)}`;
      for (const [person, chatId] of [[anna, direct], [bert, direct], [anna, trio], [bert, trio], [carl, trio]] as const) {
        await person.until(async () => (await person.notices(chatId)).includes(gone), `the line about the device in ${chatId.slice(0, 8)}`);
      }
      await carl.says(trio, "without the thief");
      await anna.until(async () => (await anna.texts(trio)).includes("without the thief"), "what follows");
      await stolen.until(async () => (await stolen.engine.account()).kind === "ended", "the end of its session");
      assert.deepEqual((await anna.engine.devices()).map(({ current }) => current), [true]);
    } finally {
      await stolen.close();
    }
  },

  "a password that is changed here signs the other device out, which goes on where it was once the new one is given": async ({ core, join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username]);
    const second = await anna.secondDevice(core);
    try {
      await anna.crash();
      await second.sees(chatId);
      await anna.connected();
      await anna.engine.changePassword(password, next);
      await second.until(async () => (await second.engine.account()).kind === "ended", "the end of the other session");
      await anna.connected();
      await anna.says(chatId, "still here");
      await bert.hears(chatId, anna.username, ["still here"]);
      await second.engine.signIn(anna.username, next);
      await second.until(async () => (await second.texts(chatId)).includes("still here"), "what was said meanwhile");
      await second.says(chatId, "here again");
      await bert.hears(chatId, anna.username, ["still here", "here again"]);
    } finally {
      await second.close();
    }
  },

  "revoking the device that asks is signing out for good": async ({ core, join }) => {
    const anna = await join("anna");
    const { deviceId } = await anna.engine.account() as { deviceId: string };
    await anna.engine.revokeDevice(deviceId, password);
    assert.deepEqual(await anna.engine.account(), { kind: "signed-out" });
    const again = await anna.secondDevice(core);
    assert.equal((await again.engine.devices()).length, 1);
    await again.close();
  },

  "safety numbers are the same on both sides, and what is marked verified shows in the chat, on the account's other device too": async ({ core, join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username]);
    await bert.sees(chatId);
    const [here, there] = [await anna.engine.safetyNumber(bert.username), await bert.engine.safetyNumber(anna.username)];
    assert.equal(here.digits, there.digits);
    assert.equal(here.qr, there.qr);
    assert.deepEqual([here.verified, here.changed], [false, false]);
    await anna.engine.setVerified(bert.username, true);
    const isMarked = (chat: { members: { username: string; verified?: true }[] }) => chat.members.some(({ username, verified }) => username === bert.username && verified === true);
    await anna.sees(chatId, isMarked);
    assert.equal((await anna.engine.safetyNumber(bert.username)).verified, true);
    await anna.crash();
    await anna.sees(chatId, isMarked);
    const second = await anna.secondDevice(core);
    await second.sees(chatId, isMarked);
    await second.close();
    await anna.engine.setVerified(bert.username, false);
    await anna.sees(chatId, (chat) => !isMarked(chat));
  },
});
