/** How often a device asks to be put back into its group, and what its members do. */

import assert from "node:assert/strict";
import { fromHex } from "../../schema/bytes.ts";
import { SealedStore } from "../storage/sealed_store.ts";
import type { StoredConversation } from "../sync/conversation/stored_conversation.ts";
import { suite } from "../testing/person.ts";
import { recordOf } from "../testing/replacement.ts";

suite("a device that was helped while it was away", {
  "PEOPLE B4: it reads its queue before it asks again, and is put back once": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await bert.engine.startChat([anna.username], "group");
    await anna.sees(chatId);
    const before = bert.storage.restarted();
    await bert.engine.renameChat(chatId, "later");
    await anna.sees(chatId, ({ title }) => title === "later");
    // The state goes back in time, and the request goes out while nobody is there to answer.
    await anna.close();
    await bert.engine.close();
    bert.storage = before;
    const calls: string[] = [];
    bert.refuses = (method) => (calls.push(method), false);
    await bert.start();
    await bert.says(chatId, "from the old state");
    await bert.until(() => calls.includes("enqueue"), "the request");
    bert.online = false;
    await bert.engine.close();
    await anna.start();
    const putBack = async () => (await anna.notices(chatId)).filter((notice) => notice.startsWith("rejoined")).length;
    await anna.until(async () => await putBack() === 1, "the re-add");
    calls.length = 0;
    bert.online = true;
    await bert.start();
    await bert.until(async () => (await bert.chat(chatId))?.active, "the way back");
    await bert.says(chatId, "here again");
    await anna.until(async () => (await anna.texts(chatId, bert.username)).includes("here again"), "what it says then");
    assert.deepEqual(calls.filter((method) => method === "enqueue"), [], "nothing was asked again");
    assert.equal(await putBack(), 1);
  },

  "PEOPLE B0: it knows afterwards when its conversation left the channels before, and can tell who is still there":
    async ({ join }) => {
      const [anna, bert] = [await join("anna"), await join("bert")];
      const chatId = await anna.engine.startChat([bert.username], "group");
      await bert.sees(chatId);
      await bert.engine.close();
      bert.storage = bert.storage.restarted();
      const store = new SealedStore(bert.storage, bert.wrappingKey);
      await store.takeFence();
      const before = (await store.get<StoredConversation>("groups", chatId))!;
      const leftIn = [{ channelId: "0a".repeat(32), epoch: 5 }];
      const context = { channelId: fromHex(chatId), epoch: before.epoch, stateVersion: 0 };
      await store.write({
        puts: [{ store: "groups", key: chatId, value: { ...before, leftIn }, context }],
        deletes: [{ store: "epochs", key: chatId }],
      });
      bert.storage = bert.storage.restarted();
      await bert.start();
      await anna.until(
        async () => (await anna.notices(chatId)).some((notice) => notice.startsWith("rejoined")),
        "the re-add",
      );
      await bert.sees(chatId, ({ active }) => active);
      assert.deepEqual((await recordOf(bert, chatId)).leftIn, leftIn);
    },
});
