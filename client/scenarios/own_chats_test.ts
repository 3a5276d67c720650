import assert from "node:assert/strict";
import { forgedReturn } from "../testing/injected_welcome.ts";
import { password, Person, suite, type World } from "../testing/person.ts";
import { quiet } from "../testing/quiet.ts";

/** Anna's two devices are asked about a group of a stranger's. */
async function invitedOnTwoDevices(
  { core, join }: World,
): Promise<{ anna: Person; second: Person; chatId: string }> {
  const [anna, bert] = [await join("anna"), await join("bert")];
  const second = await anna.secondDevice(core);
  const chatId = await bert.engine.startChat([anna.username], "Board");
  for (const person of [anna, second]) await person.sees(chatId, ({ invitation }) => invitation);
  await quiet([anna, second, bert]);
  return { anna, second, chatId };
}

suite("own chats are chats on every device of the account", {
  "PEOPLE B1: a chat that the account has taken is no invitation on a new device, whoever adds it": async (
    { core, join },
  ) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const direct = await bert.engine.startChat([anna.username]);
    const group = await bert.engine.startChat([anna.username, carl.username], "Board");
    for (const chatId of [direct, group]) await anna.sees(chatId, ({ invitation }) => invitation);
    for (const chatId of [direct, group]) await anna.engine.acceptInvitation(chatId);
    await carl.sees(group);
    await carl.engine.acceptInvitation(group);
    await quiet([anna, bert, carl]);
    await anna.close();
    const second = await Person.device(core, anna.username, 77);
    try {
      await second.engine.signIn(anna.username, password);
      for (const chatId of [direct, group]) {
        const { invitation, onOtherDevices } = await second.sees(chatId);
        assert.deepEqual({ invitation, onOtherDevices }, { invitation: false, onOtherDevices: undefined });
      }
      await bert.close();
      const third = await Person.device(core, anna.username, 78);
      try {
        second.online = false;
        second.disconnect();
        await third.engine.signIn(anna.username, password);
        const { invitation } = await third.sees(group);
        assert.equal(invitation, false, "carl, whom the account does not know, adds it: bert's leaf stands behind it");
      } finally {
        await third.close();
      }
    } finally {
      await second.close();
    }
  },

  "PEOPLE B1: an invitation is one on the account's other device too, and ends there when it is taken here": async (
    { core, join },
  ) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const taken = await bert.engine.startChat([anna.username], "taken");
    const declined = await bert.engine.startChat([anna.username], "declined");
    for (const chatId of [taken, declined]) await anna.sees(chatId, ({ invitation }) => invitation);
    await quiet([anna, bert]);
    const second = await anna.secondDevice(core);
    try {
      for (const chatId of [taken, declined]) {
        const { onOtherDevices } = await second.sees(chatId, ({ invitation }) => invitation);
        assert.equal(onOtherDevices, undefined, "a real one, which may be declined");
      }
      assert.equal(await second.engine.awaitedChats(), 0);
      await anna.engine.acceptInvitation(taken);
      await second.sees(taken, ({ invitation }) => !invitation);
      await anna.engine.leaveChat(declined);
      await second.sees(declined, ({ active }) => !active);
      assert.equal((await second.chat(declined))!.invitation, false, "what has ended is no invitation");
    } finally {
      await second.close();
    }
  },

  "PEOPLE B1: what was taken while the vault could not be had is no invitation on the other device later": async (
    { core, join },
  ) => {
    const { anna, second, chatId } = await invitedOnTwoDevices({ core, join });
    try {
      let tries = 0;
      anna.refuses = (method) => method === "getVault" && tries++ >= 0;
      await anna.engine.acceptInvitation(chatId);
      await anna.until(() => tries > 0, "the attempt");
      await quiet([anna]);
      anna.refuses = () => false;
      anna.disconnect();
      await second.sees(chatId, ({ invitation }) => !invitation);
    } finally {
      await second.close();
    }
  },

  "PEOPLE B1: what was taken while this device was away is no invitation here when it is back": async (
    { core, join },
  ) => {
    const { anna, second, chatId } = await invitedOnTwoDevices({ core, join });
    try {
      second.online = false;
      second.disconnect();
      await second.until(async () => (await second.engine.connection()).kind !== "connected", "the break");
      await anna.engine.acceptInvitation(chatId);
      await quiet([anna]);
      second.online = true;
      await second.engine.wake();
      await second.sees(chatId, ({ invitation }) => !invitation);
    } finally {
      await second.close();
    }
  },

  "PEOPLE B1: a stranger's group under the name of an own chat is asked about on a new device": async (
    { core, join },
  ) => {
    const [anna, bert, mallory] = [await join("anna"), await join("bert"), await join("mallory")];
    const chatId = await bert.engine.startChat([anna.username], "Board");
    await anna.sees(chatId);
    await anna.engine.acceptInvitation(chatId);
    await quiet([anna, bert]);
    for (const person of [anna, bert]) {
      person.online = false;
      person.disconnect();
    }
    const second = await anna.secondDevice(core);
    try {
      // Their KeyPackages are handed out to everybody: they prove nothing.
      const group = { chatId, name: "Board", kind: "group" as const, others: [anna, bert] };
      const { welcome } = await forgedReturn(core, mallory, group, second);
      core.inject(await second.recipientKey(), [welcome]);
      const chat = await second.sees(chatId);
      assert.deepEqual([chat.invitation, chat.onOtherDevices], [true, true]);
      assert.ok(chat.members.some(({ username }) => username === mallory.username));
      await second.engine.acceptInvitation(chatId);
      const { invitation, onOtherDevices } = (await second.chat(chatId))!;
      assert.deepEqual({ invitation, onOtherDevices }, { invitation: false, onOtherDevices: undefined });
    } finally {
      await second.close();
    }
  },
});
