/** A replacement names the channel that it takes over. Whoever makes it can name any: nothing there proves it. */

import assert from "node:assert/strict";
import { fromHex } from "../../schema/bytes.ts";
import { random, takeOver } from "../testing/hostile_member.ts";
import { suite } from "../testing/person.ts";
import { forgeReplacement, moved, replaceableGroup } from "../testing/replacement.ts";

suite("a channel that a replacement claims to have taken over", {
  "PEOPLE B0: does not close a group to whom an admin of another one has named its channel": async ({ core, join }) => {
    const [mallory, bert, carl] = [await join("mallory"), await join("bert"), await join("carl")];
    const lure = await replaceableGroup([mallory, bert]);
    const chatId = await carl.engine.startChat([mallory.username], "Board");
    await mallory.sees(chatId);
    const claim = { channelId: fromHex(chatId), firstChannelId: fromHex(lure) };
    await forgeReplacement(lure, await takeOver(core, mallory, lure), [mallory, bert], claim, random(32));
    await moved([bert], lure);
    await carl.engine.addPeople(chatId, [bert.username]);
    await bert.sees(chatId);
    await carl.says(chatId, "welcome");
    await bert.hears(chatId, carl.username, ["welcome"]);
    await bert.crash();
    await bert.connected();
    await bert.says(chatId, "here");
    await carl.hears(chatId, bert.username, ["here"]);
    assert.equal((await bert.engine.chats()).length, 2);
  },
});
