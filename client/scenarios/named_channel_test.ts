/** A replacement names the channel that it takes over. Whoever makes it can name any: nothing there proves it. */

import assert from "node:assert/strict";
import { fromHex, toHex } from "../../schema/bytes.ts";
import { random, takeOver } from "../testing/hostile_member.ts";
import { suite, type World } from "../testing/person.ts";
import { forgeReplacement, moved, replaceableGroup } from "../testing/replacement.ts";

/** Bert is in mallory's group, which claims to follow a group of carl's, and carl adds him to that. */
async function lured({ core, join }: World, isFirst: boolean): Promise<void> {
  const [mallory, bert, carl] = [await join("mallory"), await join("bert"), await join("carl")];
  const lure = await replaceableGroup([mallory, bert]);
  const chatId = await carl.engine.startChat([mallory.username], "Board");
  await mallory.sees(chatId);
  const [hostile, victims] = [await takeOver(core, mallory, lure), [mallory, bert]];
  const began = isFirst ? random(32) : fromHex(lure);
  if (isFirst) await forgeReplacement(chatId, hostile, victims, {}, began);
  await bert.sees(toHex(began));
  const claim = { channelId: fromHex(chatId), ...(!isFirst && { firstChannelId: began }) };
  await forgeReplacement(lure, hostile, victims, claim, random(32));
  await moved([bert], toHex(began));
  await carl.engine.addPeople(chatId, [bert.username]);
  await bert.sees(chatId);
  await carl.says(chatId, "welcome");
  await bert.hears(chatId, carl.username, ["welcome"]);
  await bert.crash();
  await bert.connected();
  await bert.says(chatId, "here");
  await carl.hears(chatId, bert.username, ["here"]);
  assert.equal((await bert.engine.chats()).length, isFirst ? 3 : 2);
}

suite("a channel that a replacement claims to have taken over", {
  "PEOPLE B0: does not close a group to whom an admin of another one has named its channel": async ({ core, join }) => {
    await lured({ core, join }, false);
  },

  "PEOPLE B0: nor where the group has been named as the conversation's first channel before": async (
    { core, join },
  ) => {
    await lured({ core, join }, true);
  },
});
