import assert from "node:assert/strict";
import { toHex } from "../../schema/bytes.ts";
import { SealedStore } from "../storage/sealed_store.ts";
import { random, sendCommit, takeOver } from "../testing/hostile_member.ts";
import { joinAll } from "../testing/join_all.ts";
import { suite } from "../testing/person.ts";
import { forgeReplacement, moved, recordOf, replaceableGroup } from "../testing/replacement.ts";
import { lose } from "../testing/lost_records.ts";

suite("a conversation whose channel can not go on", {
  "GRP-5: a conversation moves when no honest member accepts a commit, and keeps history and roles": async (
    { core, join },
  ) => {
    const [anna, bert, carl, mallory] = await joinAll(join, "anna", "bert", "carl", "mallory");
    const chatId = await replaceableGroup([anna, bert, carl, mallory]);
    await bert.says(chatId, "once");
    await anna.hears(chatId, bert.username, ["once"]);
    const { rpc, mls, state } = await takeOver(core, mallory, chatId);
    const { pending } = await mls.buildCommit(state, { nowMs: Date.now() });
    await sendCommit({ rpc }, chatId, pending, { commit: random(500) });
    await bert.until(
      async () => (await bert.notices(chatId)).some((notice) => notice.startsWith("unreadable")),
      "the refusal",
    );
    await moved([anna, bert, carl], chatId);
    await anna.says(chatId, "upon");
    await bert.hears(chatId, anna.username, ["upon"]);
    await bert.says(chatId, "a time");
    await carl.hears(chatId, bert.username, ["once", "a time"]);
    for (const person of [anna, bert, carl]) {
      const chat = (await person.chat(chatId))!;
      assert.deepEqual([
        chat.title,
        chat.members.length,
        chat.members.find(({ username }) => username === anna.username)?.role,
      ], ["The Long Walk", 4, "admin"]);
      assert.equal(
        (await person.engine.chats()).filter(({ title }) => title === "The Long Walk").length,
        1,
        "one conversation",
      );
      const record = await recordOf(person, chatId);
      assert.deepEqual(
        [toHex(record.firstChannelId), record.earlier],
        [chatId, [chatId]],
        "message ids go on with the first channel",
      );
      assert.notEqual(toHex(record.channelId), chatId);
    }
    await bert.crash();
    await bert.connected();
    await bert.says(chatId, "after a restart");
    await carl.hears(chatId, bert.username, ["once", "a time", "after a restart"]);
  },

  "GRP-5: moves to a replacement channel when the core was restored from an old backup, twice if need be": async (
    { core, join },
  ) => {
    const [anna, bert, carl, dora, eve] = await joinAll(join, "anna", "bert", "carl", "dora", "eve");
    const chatId = await replaceableGroup([anna, bert, carl]);
    await anna.says(chatId, "kept by the backup");
    await bert.hears(chatId, anna.username, ["kept by the backup"]);
    const expected = ["kept by the backup"];
    for (const round of [1, 2]) {
      const copy = await core.backup();
      await Promise.all([anna, bert, carl].map((person) => person.connected()));
      if (round === 1) {
        await anna.engine.addPeople(chatId, [dora.username]);
        await dora.sees(chatId);
      }
      if (round === 2) await anna.engine.renameChat(chatId, "Renamed");
      await bert.sees(chatId, ({ members, title }) => round === 1 ? members.length === 4 : title === "Renamed");
      await anna.says(chatId, `lost by the core ${round}`);
      expected.push(`lost by the core ${round}`, `after restore ${round}`);
      await bert.hears(chatId, anna.username, expected.slice(0, -1));
      await core.restore(copy);
      await Promise.all([anna, bert, carl, dora].map((person) => person.connected()));
      await moved([anna, bert, carl, dora], chatId, round);
      await anna.says(chatId, `after restore ${round}`);
      await bert.hears(chatId, anna.username, expected);
    }
    await dora.says(chatId, "dora too");
    for (const person of [anna, bert, carl]) await person.hears(chatId, dora.username, ["dora too"]);
    assert.equal((await anna.chat(chatId))!.title, "Renamed");
    await anna.engine.addPeople(chatId, [eve.username]);
    const added = await eve.until(
      async () => (await eve.engine.chats()).find(({ title }) => title === "Renamed"),
      "the chat",
    );
    assert.equal(
      toHex((await recordOf(eve, added.chatId)).firstChannelId),
      chatId,
      "one who joins a replacement makes the same message ids",
    );
  },

  "GRP-5: moves to a replacement channel though the only admin's state of the group is gone, too": async (
    { core, join },
  ) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await replaceableGroup([anna, bert]);
    const copy = await core.backup();
    await anna.connected();
    await anna.engine.renameChat(chatId, "Later");
    await bert.sees(chatId, ({ title }) => title === "Later");
    await lose(anna, "epochs", chatId);
    await core.restore(copy);
    await anna.start();
    await moved([anna, bert], chatId);
    assert.equal((await bert.chat(chatId))!.title, "Later");
    await bert.says(chatId, "on we go");
    await anna.hears(chatId, bert.username, ["on we go"]);
  },

  "GRP-5: moves to a replacement channel when no device has the group's state any more; history and what waited stay":
    async ({ join }) => {
      const [anna, bert] = [await join("anna"), await join("bert")];
      const chatId = await replaceableGroup([anna, bert]);
      await bert.says(chatId, "once");
      await anna.hears(chatId, bert.username, ["once"]);
      for (const person of [anna, bert]) {
        await person.engine.close();
        person.storage = person.storage.restarted();
        const store = new SealedStore(person.storage, person.wrappingKey);
        await store.takeFence();
        await store.write({ deletes: [{ store: "epochs", key: chatId }] });
        person.storage = person.storage.restarted();
      }
      await Promise.all([anna.start(), bert.start()]);
      await moved([anna, bert], chatId);
      await bert.says(chatId, "upon a time");
      await anna.hears(chatId, bert.username, ["once", "upon a time"]);
    },

  "GRP-5.4: of two replacements that admins make at the same time everybody ends in one": async ({ core, join }) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const chatId = await replaceableGroup([anna, bert, carl]);
    await anna.engine.setRole(chatId, bert.username, "admin");
    await Promise.all(
      [bert, carl].map((person) =>
        person.sees(chatId, ({ members }) => members.filter(({ role }) => role === "admin").length === 2)
      ),
    );
    const copy = await core.backup();
    await anna.connected();
    await anna.engine.renameChat(chatId, "Later");
    await Promise.all([bert, carl].map((person) => person.sees(chatId, ({ title }) => title === "Later")));
    await core.restore(copy);
    await Promise.all([anna.says(chatId, "a"), bert.says(chatId, "b")]);
    await Promise.all(
      [anna, bert, carl].map((person) =>
        person.until(
          async () => (await person.notices(chatId)).some((notice) => notice.startsWith("successor")),
          "the move",
        )
      ),
    );
    await carl.hears(chatId, anna.username, ["a"]);
    await carl.hears(chatId, bert.username, ["b"]);
    await anna.until(
      async () =>
        new Set(
          await Promise.all(
            [anna, bert, carl].map(async (person) => toHex((await recordOf(person, chatId)).channelId)),
          ),
        ).size === 1,
      "one channel",
    );
    await carl.says(chatId, "one");
    await Promise.all([anna, bert].map((person) => person.hears(chatId, carl.username, ["one"])));
  },

  "GRP-5.4: of three replacements at the same time the one with the smallest channelId stays": async (
    { core, join },
  ) => {
    const [anna, bert, carl, dora] = await joinAll(join, "anna", "bert", "carl", "dora");
    const chatId = await replaceableGroup([anna, bert, carl, dora]);
    for (const { username } of [bert, carl]) await anna.engine.setRole(chatId, username, "admin");
    await Promise.all(
      [bert, carl, dora].map((person) =>
        person.sees(chatId, ({ members }) => members.filter(({ role }) => role === "admin").length === 3)
      ),
    );
    const makers = [anna, bert, carl];
    const hostile = await Promise.all(makers.map((maker) => takeOver(core, maker, chatId)));
    const channelIds = [3, 2, 1].map((first) => new Uint8Array([first, ...random(31)]));
    for (const [index, maker] of makers.entries()) {
      await forgeReplacement(
        chatId,
        hostile[index],
        [maker, dora, ...makers.filter((other) => other !== maker)],
        {},
        channelIds[index],
      );
    }
    await dora.until(
      async () => toHex((await recordOf(dora, chatId)).channelId) === toHex(channelIds[2]),
      "the smallest",
    );
    assert.equal((await dora.notices(chatId)).some((notice) => notice.startsWith("rejected")), false);
  },

  "GRP-5.4: two replacements that arrive at once move the conversation, and make no other": async ({ core, join }) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const chatId = await replaceableGroup([anna, bert, carl]);
    await anna.engine.setRole(chatId, bert.username, "admin");
    await Promise.all(
      [bert, carl].map((person) =>
        person.sees(chatId, ({ members }) => members.filter(({ role }) => role === "admin").length === 2)
      ),
    );
    const [first, second] = [await takeOver(core, anna, chatId), await takeOver(core, bert, chatId)];
    const smaller = new Uint8Array([1, ...random(31)]);
    const release = core.hold(await carl.recipientKey());
    await forgeReplacement(chatId, first, [anna, bert, carl], {}, new Uint8Array([2, ...random(31)]));
    await forgeReplacement(chatId, second, [bert, anna, carl], {}, smaller);
    release();
    await carl.until(
      async () => toHex((await recordOf(carl, chatId)).channelId) === toHex(smaller),
      "the smaller one",
    );
    assert.deepEqual((await carl.engine.chats()).map(({ chatId: id }) => id), [chatId]);
  },

  "GRP-5.4: what was said in a replacement that did not last is said again in the one that stays, once": async (
    { core, join },
  ) => {
    const [anna, bert, carl, dora] = await joinAll(join, "anna", "bert", "carl", "dora");
    const chatId = await replaceableGroup([anna, bert, carl, dora]);
    await anna.engine.setRole(chatId, bert.username, "admin");
    await Promise.all(
      [bert, carl, dora].map((person) =>
        person.sees(chatId, ({ members }) => members.filter(({ role }) => role === "admin").length === 2)
      ),
    );
    const [first, second] = [await takeOver(core, anna, chatId), await takeOver(core, bert, chatId)];
    await forgeReplacement(chatId, first, [anna, bert, carl, dora], {}, new Uint8Array([2, ...random(31)]));
    await moved([carl, dora], chatId);
    await dora.says(chatId, "read by both");
    await carl.hears(chatId, dora.username, ["read by both"]);
    const release = core.hold(await dora.recipientKey());
    await forgeReplacement(chatId, second, [bert, anna, carl, dora], {}, new Uint8Array([1, ...random(31)]));
    await moved([carl], chatId, 2);
    await dora.says(chatId, "read by nobody");
    await dora.settled(chatId);
    await dora.crash();
    release();
    await moved([dora], chatId, 2);
    await dora.says(chatId, "and on");
    await carl.hears(chatId, dora.username, ["read by both", "read by nobody", "and on"]);
    assert.deepEqual(await dora.texts(chatId), ["read by both", "read by nobody", "and on"]);
  },
});
