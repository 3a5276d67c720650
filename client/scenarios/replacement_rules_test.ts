import assert from "node:assert/strict";
import { fromHex, toHex } from "../../schema/bytes.ts";
import { authentication } from "../../schema/rpc/methods.ts";
import { random, takeOver } from "../testing/hostile_member.ts";
import { joinAll } from "../testing/join_all.ts";
import { suite } from "../testing/person.ts";
import { forgeReplacement, moved, replaceableGroup } from "../testing/replacement.ts";

suite("a replacement channel that breaks a rule", {
  "GRP-5.2: a member that is no admin can not move the conversation": async ({ core, join }) => {
    const [anna, bert, mallory] = [await join("anna"), await join("bert"), await join("mallory")];
    const chatId = await replaceableGroup([anna, bert, mallory]);
    const hostile = await takeOver(core, mallory, chatId);
    await forgeReplacement(chatId, hostile, [mallory, anna, bert]);
    for (const person of [anna, bert]) {
      await person.until(async () => (await person.notices(chatId)).includes("rejected GRP-5.2"), "the refusal");
    }
    await anna.says(chatId, "where we were");
    await bert.hears(chatId, anna.username, ["where we were"]);
  },

  "GRP-5.2: a member that is no admin can not move one who has left: what it makes is another conversation": async (
    { core, join },
  ) => {
    const [anna, bert, mallory] = [await join("anna"), await join("bert"), await join("mallory")];
    const chatId = await replaceableGroup([anna, bert, mallory]);
    await bert.engine.leaveChat(chatId);
    await bert.sees(chatId, ({ active }) => !active);
    const hostile = await takeOver(core, mallory, chatId);
    const malloryKey = toHex(
      hostile.mls.members(hostile.state).find(({ credential }) => credential.username === mallory.username)!.credential
        .accountKey,
    );
    const channelId = random(32);
    await forgeReplacement(
      chatId,
      hostile,
      [mallory, bert],
      { lastEpoch: 999n, transcriptHash: random(32) },
      channelId,
      {
        roles: { [malloryKey]: "admin" },
      },
    );
    await bert.sees(toHex(channelId));
    assert.equal((await bert.chat(chatId))!.active, false);
    assert.equal((await bert.notices(chatId)).at(-1), `left ${bert.username} 1`);
    assert.deepEqual(await bert.notices(toHex(channelId)), [`added ${mallory.username} ${bert.username}`]);
  },

  "GRP-5.3: an admin can not make a chat of two a group by a move from a channel that nobody knows": async (
    { core, join },
  ) => {
    const [anna, bert, eve] = [await join("anna"), await join("bert"), await join("eve")];
    const chatId = await anna.engine.startChat([bert.username]);
    await bert.sees(chatId);
    const hostile = await takeOver(core, anna, chatId);
    const channelId = random(32);
    await forgeReplacement(
      chatId,
      hostile,
      [anna, bert, eve],
      { channelId: random(32), transcriptHash: random(32), firstChannelId: fromHex(chatId) },
      channelId,
      { kind: "group" },
    );
    await bert.sees(toHex(channelId), ({ kind, members }) => kind === "group" && members.length === 3);
    assert.deepEqual(await bert.notices(chatId), [`created ${anna.username}`]);
    await bert.says(chatId, "for anna alone");
    await bert.settled(chatId);
    assert.deepEqual((await bert.chat(chatId))!.members.map(({ username }) => username).sort(), [
      anna.username,
      bert.username,
    ]);
    assert.deepEqual([chatId, toHex(channelId)].map((channel) => core.log.channel(channel).messages.length), [1, 0]);
  },

  "GRP-5.3: changes by a move that a device can not check are shown by lines": async ({ core, join }) => {
    const [anna, bert, carl, eve] = await joinAll(join, "anna", "bert", "carl", "eve");
    const chatId = await replaceableGroup([anna, bert, carl]);
    const hostile = await takeOver(core, anna, chatId);
    const unheardOf = random(32);
    await forgeReplacement(chatId, hostile, [anna, bert, eve], {
      channelId: random(32),
      transcriptHash: random(32),
      firstChannelId: fromHex(chatId),
    }, unheardOf);
    await moved([bert], chatId);
    assert.deepEqual((await bert.notices(chatId)).slice(-3), [
      `successor ${anna.username} rejected-commit`,
      `removed ${carl.username}`,
      `added ${eve.username}`,
    ]);
    // The present channel, by its word after epochs that bert has not reached.
    const { account } = await hostile.rpc.call(authentication.lookup, { username: eve.username });
    const roles = { ...hostile.mls.info(hostile.state).roles, [toHex(account.accountKey)]: "admin" } as const;
    await forgeReplacement(
      chatId,
      hostile,
      [anna, bert, eve, carl],
      { channelId: unheardOf, lastEpoch: 99n, firstChannelId: fromHex(chatId) },
      random(32),
      { name: "Later", roles },
    );
    await moved([bert], chatId, 2);
    assert.deepEqual((await bert.notices(chatId)).slice(-4), [
      `successor ${anna.username} rejected-commit`,
      `added ${carl.username}`,
      `promoted ${eve.username}`,
      "renamed Later",
    ]);
  },

  "GRP-5.1: an admin can not move the conversation to another history": async ({ core, join }) => {
    const [anna, bert, mallory] = [await join("anna"), await join("bert"), await join("mallory")];
    const chatId = await replaceableGroup([mallory, anna, bert]);
    const hostile = await takeOver(core, mallory, chatId);
    await forgeReplacement(chatId, hostile, [mallory, anna, bert], { transcriptHash: random(32) });
    for (const person of [anna, bert]) {
      await person.until(async () => (await person.notices(chatId)).includes("rejected GRP-5.1"), "the refusal");
    }
    await anna.says(chatId, "where we were");
    await bert.hears(chatId, anna.username, ["where we were"]);
  },
});
