import assert from "node:assert/strict";
import { fromHex, toHex } from "../../schema/bytes.ts";
import { authentication, delivery } from "../../schema/rpc/methods.ts";
import type { GroupInfo, Supersedes } from "../mls/types.ts";
import { SealedStore } from "../storage/sealed_store.ts";
import type { ChatRecord } from "../sync/conversation/records.ts";
import { signReplacement } from "../sync/reinit/replacement_maker.ts";
import { deviceOf } from "../testing/forged_group.ts";
import { type Hostile, random, sendCommit, takeOver } from "../testing/hostile_member.ts";
import { type Person, suite } from "../testing/person.ts";

async function group(people: Person[]): Promise<string> {
  const [creator, ...others] = people;
  const chatId = await creator.engine.startChat(others.map(({ username }) => username), "The Long Walk");
  await Promise.all(others.map((person) => person.sees(chatId)));
  return chatId;
}

async function moved(people: Person[], chatId: string, times = 1): Promise<void> {
  for (const person of people) {
    await person.until(
      async () => (await person.notices(chatId)).filter((notice) => notice.startsWith("successor")).length === times,
      `successor ${times} in ${JSON.stringify(await person.notices(chatId))}`,
    );
    await person.sees(chatId, ({ active }) => active);
  }
}

async function recordOf(person: Person, chatId: string): Promise<ChatRecord> {
  return (await new SealedStore(person.storage.restarted(), person.wrappingKey).get<ChatRecord>("groups", chatId))!;
}

/** A hostile member, the first of `victims`, adds everybody to a channel that says that it goes on from the group's. */
async function forgeSuccessor(
  chatId: string,
  { rpc, mls, state }: Hostile,
  victims: Person[],
  change: Partial<Supersedes> = {},
  channelId = random(32),
  infoChange: Partial<GroupInfo> = {},
): Promise<void> {
  const { device, keyPackage, keyPackages } = await deviceOf(victims[0], rpc, victims.slice(1));
  const info = mls.info(state);
  const claim = {
    channelId: fromHex(chatId),
    lastEpoch: state.epoch,
    transcriptHash: mls.transcriptHash(state),
    reason: "rejected-commit",
    ...change,
  };
  const supersedes = await signReplacement(channelId, claim, device.recipientKey, device.deviceSeed);
  const fresh = await mls.createGroup({
    channelId,
    keyPackage,
    info: { name: info.name, kind: info.kind, createdMs: info.createdMs, roles: info.roles, ...infoChange, supersedes },
  });
  const { pending } = await mls.prepareCommit(fresh, { add: keyPackages, nowMs: Date.now() });
  await rpc.call(delivery.createChannel, { channelId });
  await sendCommit({ rpc }, toHex(channelId), pending);
}

suite("a conversation whose channel can not go on", {
  "GRP-5: a conversation moves when no honest member accepts a commit, and keeps history and roles": async (
    { core, join },
  ) => {
    const [anna, bert, carl, mallory] = [
      await join("anna"),
      await join("bert"),
      await join("carl"),
      await join("mallory"),
    ];
    const chatId = await group([anna, bert, carl, mallory]);
    await bert.says(chatId, "once");
    await anna.hears(chatId, bert.username, ["once"]);
    const { rpc, mls, state } = await takeOver(core, mallory, chatId);
    const { pending } = await mls.prepareCommit(state, { nowMs: Date.now() });
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

  "GRP-5: moves to a successor channel when the core was restored from an old backup, twice if need be": async (
    { core, join },
  ) => {
    const [anna, bert, carl, dora, eve] = [
      await join("anna"),
      await join("bert"),
      await join("carl"),
      await join("dora"),
      await join("eve"),
    ];
    const chatId = await group([anna, bert, carl]);
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
      "one who joins a successor makes the same message ids",
    );
  },

  "GRP-5: moves to a successor channel though the only admin's state of the group is gone, too": async (
    { core, join },
  ) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await group([anna, bert]);
    const copy = await core.backup();
    await anna.connected();
    await anna.engine.renameChat(chatId, "Later");
    await bert.sees(chatId, ({ title }) => title === "Later");
    await anna.engine.close();
    anna.storage = anna.storage.restarted();
    const store = new SealedStore(anna.storage, anna.wrappingKey);
    await store.takeFence();
    await store.write({ deletes: [{ store: "epochs", key: chatId }] });
    anna.storage = anna.storage.restarted();
    await core.restore(copy);
    await anna.start();
    await moved([anna, bert], chatId);
    assert.equal((await bert.chat(chatId))!.title, "Later");
    await bert.says(chatId, "on we go");
    await anna.hears(chatId, bert.username, ["on we go"]);
  },

  "GRP-5: moves to a successor channel when no device has the group's state any more; history and what waited stay":
    async ({ join }) => {
      const [anna, bert] = [await join("anna"), await join("bert")];
      const chatId = await group([anna, bert]);
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

  "GRP-5.4: of two successors that admins make at the same time everybody ends in one": async ({ core, join }) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const chatId = await group([anna, bert, carl]);
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
    const [anna, bert, carl, dora] = [await join("anna"), await join("bert"), await join("carl"), await join("dora")];
    const chatId = await group([anna, bert, carl, dora]);
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
      await forgeSuccessor(
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

  "GRP-5.4: what was said in a successor that did not last is said again in the one that stays, once": async (
    { core, join },
  ) => {
    const [anna, bert, carl, dora] = [await join("anna"), await join("bert"), await join("carl"), await join("dora")];
    const chatId = await group([anna, bert, carl, dora]);
    await anna.engine.setRole(chatId, bert.username, "admin");
    await Promise.all(
      [bert, carl, dora].map((person) =>
        person.sees(chatId, ({ members }) => members.filter(({ role }) => role === "admin").length === 2)
      ),
    );
    const [first, second] = [await takeOver(core, anna, chatId), await takeOver(core, bert, chatId)];
    await forgeSuccessor(chatId, first, [anna, bert, carl, dora], {}, new Uint8Array([2, ...random(31)]));
    await moved([carl, dora], chatId);
    await dora.says(chatId, "read by both");
    await carl.hears(chatId, dora.username, ["read by both"]);
    const release = core.hold(await dora.recipientKey());
    await forgeSuccessor(chatId, second, [bert, anna, carl, dora], {}, new Uint8Array([1, ...random(31)]));
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

  "GRP-5.2: a member that is no admin can not move the conversation": async ({ core, join }) => {
    const [anna, bert, mallory] = [await join("anna"), await join("bert"), await join("mallory")];
    const chatId = await group([anna, bert, mallory]);
    const hostile = await takeOver(core, mallory, chatId);
    await forgeSuccessor(chatId, hostile, [mallory, anna, bert]);
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
    const chatId = await group([anna, bert, mallory]);
    await bert.engine.leaveChat(chatId);
    await bert.sees(chatId, ({ active }) => !active);
    const hostile = await takeOver(core, mallory, chatId);
    const malloryKey = toHex(
      hostile.mls.members(hostile.state).find(({ credential }) => credential.username === mallory.username)!.credential
        .accountKey,
    );
    const channelId = random(32);
    await forgeSuccessor(chatId, hostile, [mallory, bert], { lastEpoch: 999n, transcriptHash: random(32) }, channelId, {
      roles: { [malloryKey]: "admin" },
    });
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
    await forgeSuccessor(
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
    const [anna, bert, carl, eve] = [await join("anna"), await join("bert"), await join("carl"), await join("eve")];
    const chatId = await group([anna, bert, carl]);
    const hostile = await takeOver(core, anna, chatId);
    const unheardOf = random(32);
    await forgeSuccessor(chatId, hostile, [anna, bert, eve], {
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
    await forgeSuccessor(
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
    const chatId = await group([mallory, anna, bert]);
    const hostile = await takeOver(core, mallory, chatId);
    await forgeSuccessor(chatId, hostile, [mallory, anna, bert], { transcriptHash: random(32) });
    for (const person of [anna, bert]) {
      await person.until(async () => (await person.notices(chatId)).includes("rejected GRP-5.1"), "the refusal");
    }
    await anna.says(chatId, "where we were");
    await bert.hears(chatId, anna.username, ["where we were"]);
  },
});
