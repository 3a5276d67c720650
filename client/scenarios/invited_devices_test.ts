/** What an account's devices do for one another in a stranger's group before its user has taken the invitation. */

import assert from "node:assert/strict";
import { sendCommit, takeOver, without } from "../testing/hostile_member.ts";
import { suite } from "../testing/person.ts";
import { quiet } from "../testing/quiet.ts";

suite("an invitation stays one until it is taken, whatever the account's own devices do", {
  "PEOPLE B1: a new device in the place of a revoked one gets a stranger's group from nobody but the stranger": async (
    { core, join },
  ) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const lost = await anna.secondDevice(core);
    const chatId = await bert.engine.startChat([anna.username], "prize");
    for (const person of [anna, lost]) await person.sees(chatId, ({ invitation }) => invitation);
    await quiet([anna, lost, bert]);
    bert.online = false;
    bert.disconnect();
    const { deviceId } = await lost.engine.account() as { deviceId: string };
    const third = await anna.secondDevice(core);
    try {
      await quiet([anna, lost, third]);
      await anna.engine.revokeDevice(deviceId, "correct horse battery staple");
      await anna.until(
        async () => (await anna.notices(chatId)).some((notice) => notice.startsWith("device-removed")),
        "the removal",
      );
      await quiet([anna, third]);
      assert.equal(await third.chat(chatId), undefined);
      bert.online = true;
      await bert.engine.wake();
      for (const person of [third, anna]) assert.equal((await person.sees(chatId)).invitation, true);
      await anna.engine.acceptInvitation(chatId);
      await third.sees(chatId, ({ invitation }) => !invitation);
    } finally {
      for (const person of [lost, third]) await person.close();
    }
  },

  "PEOPLE B1: an own device that mends the server's list for another one accepts nothing for it": async (
    { core, join },
  ) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const second = await anna.secondDevice(core);
    try {
      const chatId = await bert.engine.startChat([anna.username], "prize");
      for (const person of [anna, second]) await person.sees(chatId, ({ invitation }) => invitation);
      await quiet([anna, second, bert]);
      const { rpc, mls, state } = await takeOver(core, bert, chatId);
      const victim = await second.recipientKey();
      const { pending } = await mls.buildCommit(state, { nowMs: Date.now() });
      await sendCommit({ rpc }, chatId, pending, {
        removed: [victim],
        headers: without(pending.bundle.headers, victim),
      });
      await second.until(
        async () => (await second.notices(chatId)).some((notice) => notice.startsWith("rejoined")),
        "the way back",
      );
      await quiet([anna, second]);
      for (const person of [anna, second]) assert.equal((await person.chat(chatId))!.invitation, true);
      await anna.engine.acceptInvitation(chatId);
      await second.sees(chatId, ({ invitation }) => !invitation);
    } finally {
      await second.close();
    }
  },
});
