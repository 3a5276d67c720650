import assert from "node:assert/strict";
import { decodeCbor, encodeCbor } from "../../schema/cbor.ts";
import { fromHex } from "../../schema/bytes.ts";
import { authentication, delivery, type Entry, EntryKind } from "../../schema/rpc/methods.ts";
import { parseKeyPackage } from "../mls/group.ts";
import { forgeCommit, forgeWelcome } from "../mls/testing/forge.ts";
import { random, sendCommit, takeOver } from "../testing/hostile_member.ts";
import { injectedEntry } from "../testing/injected_entry.ts";
import { outsider } from "../testing/outsider.ts";
import { suite } from "../testing/person.ts";

const otherSuite = "MLS_128_DHKEMP256_AES128GCM_SHA256_P256" as const;

// What the server refuses: server-core/delivery/commit_test.ts and publish_test.ts (E017),
// server-core/authentication/key_packages_test.ts (E021). A Welcome to an old epoch: replay_test.ts
// (GRP-7.3).
suite("downgrades are refused, and the conversation says so", {
  "a commit to an epoch that this device has left, or never was in, changes nothing": async ({ core, join }) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const chatId = await anna.engine.startChat([carl.username], "backwards");
    await anna.engine.addPeople(chatId, [bert.username]);
    await bert.sees(chatId);
    core.inject(await bert.recipientKey(), [
      injectedEntry(chatId, { kind: EntryKind.COMMIT, epoch: 1, header: random(1168), body: random(500) }),
    ]);
    await bert.until(async () => (await bert.notices(chatId)).includes("rejected old-epoch"), "the refusal");
    await bert.engine.acceptInvitation(chatId);
    await bert.says(chatId, "still here");
    await anna.hears(chatId, bert.username, ["still here"]);
    assert.equal((await bert.chat(chatId))!.active, true, "and the device goes on");
  },

  "GRP-2.1: a commit that would take the group to another ciphersuite": async ({ core, join }) => {
    const [anna, mallory] = [await join("anna"), await join("mallory")];
    const chatId = await anna.engine.startChat([mallory.username], "another suite");
    await mallory.sees(chatId);
    const hostile = await takeOver(core, mallory, chatId);
    const { state } = await outsider(core, anna);
    const reinit = {
      proposalType: "reinit" as const,
      reinit: { groupId: fromHex(chatId), version: "mls10" as const, cipherSuite: otherSuite, extensions: [] },
    };
    const forged = await forgeCommit(hostile.state, await state(chatId), {
      proposals: [reinit],
      psks: [],
      options: { forcePath: false },
    });
    const { pending } = await hostile.mls.buildCommit(hostile.state, { nowMs: Date.now() });
    const headers = [{ recipientKey: await anna.recipientKey(), header: forged.header }, {
      recipientKey: await mallory.recipientKey(),
      header: random(1168),
    }];
    await sendCommit(hostile, chatId, { ...pending, commitId: forged.commitId }, {
      commit: forged.sealedCommit,
      headers,
    });
    await anna.until(async () => (await anna.notices(chatId)).includes("rejected GRP-2.1"), "the refusal");
    await assert.rejects(anna.says(chatId, "into the void"), /L010/);
  },

  "a message in an envelope of another suite": async ({ core, join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username], "another envelope");
    await bert.sees(chatId);
    const { rpc, mls, state } = await outsider(core, bert);
    const messageId = random(16);
    const { envelope } = await mls.sealMessage(await state(chatId), { messageId, content: random(50) });
    const [version, , ...rest] = decodeCbor(envelope) as unknown[];
    await rpc.call(delivery.publish, {
      channelId: fromHex(chatId),
      epoch: 1,
      messageId,
      envelope: encodeCbor([version, 0, ...rest]),
      ephemeral: false,
    });
    await anna.until(async () => (await anna.notices(chatId)).includes("rejected envelope"), "the refusal");
  },

  "GRP-7.4: a Welcome of another ciphersuite, to a conversation that is over and to one that is new": async (
    { core, join },
  ) => {
    const [anna, bert, mallory] = [await join("anna"), await join("bert"), await join("mallory")];
    const chatId = await anna.engine.startChat([bert.username, mallory.username], "back in by a weaker door");
    await Promise.all([bert.sees(chatId), mallory.sees(chatId)]);
    await anna.engine.removePerson(chatId, bert.username);
    await bert.sees(chatId, ({ active }) => !active);
    await mallory.sees(chatId, ({ members }) => members.length === 2);
    const { rpc, state } = await takeOver(core, mallory, chatId);
    const { account } = await rpc.call(authentication.lookup, { username: bert.username });
    const welcomes: Entry[] = [];
    for (const channelId of [chatId, "ab".repeat(32)]) {
      const [{ keyPackage }] = (await rpc.call(authentication.fetchKeyPackage, {
        accountKey: account.accountKey,
        deviceIds: [],
        linkToken: new Uint8Array(),
      })).keyPackages;
      const { n, header, sealedWelcome } = await forgeWelcome(state, await parseKeyPackage(keyPackage), {
        channelId: fromHex(channelId),
      }, { cipherSuite: otherSuite });
      welcomes.push(
        injectedEntry(channelId, {
          seq: 1_000 + welcomes.length,
          kind: EntryKind.WELCOME,
          epoch: Number(n),
          header,
          body: sealedWelcome,
        }),
      );
    }
    core.inject(await bert.recipientKey(), welcomes);
    await bert.until(
      async () => (await bert.notices(chatId)).includes("rejected GRP-7.4"),
      "the refusal in the conversation",
    );
    await bert.until(() => JSON.stringify(bert.problems).includes("GRP-7.4"), "the refusal of the invitation");
    assert.equal((await bert.engine.chats()).length, 1);
  },
});
