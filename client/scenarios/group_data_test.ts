import assert from "node:assert/strict";
import { toHex } from "../../schema/bytes.ts";
import { maxDescriptionLength } from "../mls/group.ts";
import { random, sendCommit, takeOver } from "../testing/hostile_member.ts";
import { type Person, suite } from "../testing/person.ts";
import { personOfPreviousBuild, update } from "../testing/previous_build.ts";
import { moved } from "../testing/replacement.ts";

const dayMs = 24 * 3_600_000;

suite("what admins set for all of a group", {
  "CONVERSATIONS: admins alone set timer and description of a group; both are on all devices and stay": async (
    { join },
  ) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username], "walkers");
    await bert.sees(chatId);
    await assert.rejects(bert.engine.setTimer(chatId, dayMs), /L019/);
    await assert.rejects(bert.engine.describeChat(chatId, "ours"), /L019/);
    for (const wrong of [0, 1_000, 30_500, -1, 29 * dayMs, NaN]) {
      await assert.rejects(anna.engine.setTimer(chatId, wrong), /L011/, String(wrong));
    }
    await assert.rejects(anna.engine.describeChat(chatId, "a".repeat(maxDescriptionLength + 1)), /L011/);
    await assert.rejects(anna.engine.describeChat(chatId, "\u200b"), /L032/);
    await anna.engine.setTimer(chatId, dayMs);
    await anna.engine.describeChat(chatId, " Hills and tea ");
    const isSet = (chat: { timerMs?: number; description?: string; title: string }) =>
      chat.timerMs === dayMs && chat.description === "Hills and tea";
    for (const person of [anna, bert]) await person.sees(chatId, isSet);
    await anna.engine.renameChat(chatId, "hikers");
    await anna.engine.setRole(chatId, bert.username, "admin");
    await bert.sees(chatId, (chat) => isSet(chat) && chat.title === "hikers");
    const carl = await join("carl");
    await bert.engine.addPeople(chatId, [carl.username]);
    await carl.sees(chatId, isSet);
    await bert.crash();
    await bert.connected();
    await bert.sees(chatId, isSet);
    await bert.engine.setTimer(chatId, undefined);
    await bert.engine.describeChat(chatId, "");
    const isUnset = (chat: { timerMs?: number; description?: string }) =>
      chat.timerMs === undefined && chat.description === undefined;
    for (const person of [anna, bert, carl]) await person.sees(chatId, isUnset);
    const lines = (await anna.notices(chatId)).filter((notice) => /^(timer|described)/.test(notice));
    assert.deepEqual(lines, [
      `timer-set ${anna.username} ${dayMs}`,
      `described ${anna.username}`,
      `timer-off ${bert.username}`,
      `described ${bert.username}`,
    ]);
  },

  "CONVERSATIONS: in a chat of two both set the timer, and neither gives it a description": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username]);
    await bert.sees(chatId);
    await bert.engine.acceptInvitation(chatId);
    await bert.engine.setTimer(chatId, dayMs);
    await anna.sees(chatId, ({ timerMs }) => timerMs === dayMs);
    await anna.engine.setTimer(chatId, 30_000);
    await bert.sees(chatId, ({ timerMs }) => timerMs === 30_000);
    await assert.rejects(bert.engine.describeChat(chatId, "us"), /L019/);
    assert.deepEqual((await anna.chat(chatId))!.members.map(({ role }) => role).sort(), ["admin", "member"]);
  },

  "CONVERSATIONS: a replacement channel keeps timer and description": async ({ core, join }) => {
    const [anna, bert, mallory] = [await join("anna"), await join("bert"), await join("mallory")];
    const chatId = await anna.engine.startChat([bert.username, mallory.username], "walkers");
    for (const person of [bert, mallory]) await person.sees(chatId);
    await anna.engine.setTimer(chatId, dayMs);
    await anna.engine.describeChat(chatId, "Hills and tea");
    for (const person of [bert, mallory]) {
      await person.sees(chatId, ({ timerMs, description }) => timerMs === dayMs && description !== undefined);
    }
    const { rpc, mls, state } = await takeOver(core, mallory, chatId);
    const { pending } = await mls.buildCommit(state, { nowMs: Date.now() });
    await sendCommit({ rpc }, chatId, pending, { commit: random(500) });
    await moved([anna, bert], chatId);
    for (const person of [anna, bert]) {
      await person.sees(chatId, ({ timerMs, description }) => timerMs === dayMs && description === "Hills and tea");
      assert.equal((await person.notices(chatId)).filter((notice) => notice.startsWith("timer")).length, 1);
    }
  },
});

async function oldAndNew(anna: Person, bert: Person, olga: Person): Promise<void> {
  const together = await anna.engine.startChat([olga.username], "with an old device");
  await olga.sees(together);
  await olga.engine.acceptInvitation(together);
  await assert.rejects(anna.engine.setTimer(together, dayMs), /L044/);
  await assert.rejects(anna.engine.describeChat(together, "ours"), /L044/);
  await olga.engine.send(together, toHex(random(16)), "still here");
  await anna.hears(together, olga.username, ["still here"]);
  const chatId = await anna.engine.startChat([bert.username], "with data");
  await bert.sees(chatId);
  await anna.engine.setTimer(chatId, dayMs);
  await assert.rejects(anna.engine.addPeople(chatId, [olga.username]), /L044/);
  assert.equal((await anna.chat(chatId))!.members.length, 2);
  await update(olga);
  await anna.until(
    () => anna.engine.addPeople(chatId, [olga.username]).then(() => true, () => false),
    "the updated device to be added",
  );
  await olga.sees(chatId, ({ timerMs }) => timerMs === dayMs);
  await anna.sees(together, ({ features }) => features.includes("group-data"));
  await anna.engine.setTimer(together, dayMs);
  await olga.sees(together, ({ timerMs }) => timerMs === dayMs);
}

suite("group data, and devices of the version before", {
  "CONVERSATIONS: a device of the version before keeps group data out, and is added once updated": async (
    { core, join },
  ) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const olga = await personOfPreviousBuild(core, "olga");
    try {
      await oldAndNew(anna, bert, olga);
    } finally {
      await olga.close();
    }
  },
});
