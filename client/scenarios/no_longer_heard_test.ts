import assert from "node:assert/strict";
import { type Bytes, equalBytes, fromHex, toHex } from "../../schema/bytes.ts";
import { authentication, EntryKind } from "../../schema/rpc/methods.ts";
import { credentialOf } from "../account/devices/device.ts";
import { encodeMimiContent, type MimiContent } from "../content/mimi_content.ts";
import { makeKeyPackage, signReadd } from "../mls/group.ts";
import { SealedStore } from "../storage/sealed_store.ts";
import type { StoredConversation } from "../sync/conversation/stored_conversation.ts";
import { sealDeviceMessage } from "../sync/device_messages/device_messages.ts";
import type { TestCore } from "../testing/core.ts";
import { deviceOf } from "../testing/forged_group.ts";
import { random, takeOver } from "../testing/hostile_member.ts";
import { injectedEntry } from "../testing/injected_entry.ts";
import { write } from "../testing/message_kinds.ts";
import { outsider } from "../testing/outsider.ts";
import { password, type Person, suite } from "../testing/person.ts";
import { Wiretap } from "../testing/wiretap.ts";

/**
 * A device of anna's account that the others know to be revoked, and that nobody has removed: no commit gets
 * through until the test lets it.
 *
 * @param text what anna says before
 */
async function revokedMember(
  core: TestCore,
  join: (name: string) => Promise<Person>,
  work: (world: { anna: Person; bert: Person; stolen: Person; chatId: string; release(): void }) => Promise<void>,
  text?: string,
): Promise<void> {
  const [anna, bert] = [await join("anna"), await join("bert")];
  const chatId = await bert.engine.startChat([anna.username], "a stolen phone");
  const stolen = await anna.secondDevice(core);
  try {
    await anna.crash();
    await stolen.sees(chatId);
    await anna.connected();
    if (text !== undefined) {
      await anna.says(chatId, text);
      await bert.hears(chatId, anna.username, [text]);
    }
    for (const person of [anna, bert]) person.refuses = (method) => method === "commit";
    const { deviceId } = await stolen.engine.account() as { deviceId: string };
    await anna.engine.revokeDevice(deviceId, password);
    // Looking a person up brings the newest list.
    await bert.engine.safetyNumber(anna.username);
    const release = () => {
      for (const person of [anna, bert]) person.refuses = () => false;
    };
    await work({ anna, bert, stolen, chatId, release });
  } finally {
    await stolen.close();
  }
}

suite("who is no longer heard", {
  "PEOPLE A5: GRP-6.6: a removed member's message of the epoch before is not shown when it comes late": async (
    { core, join },
  ) => {
    const [anna, bert, mallory] = [await join("anna"), await join("bert"), await join("mallory")];
    const chatId = await anna.engine.startChat([bert.username, mallory.username], "without mallory");
    await Promise.all([bert.sees(chatId), mallory.sees(chatId)]);
    const { mls, state } = await takeOver(core, mallory, chatId);
    const messageId = random(16);
    const { envelope } = await mls.sealMessage(state, {
      messageId,
      content: encodeMimiContent(write.text("I am still here")),
    });
    await anna.engine.removePerson(chatId, mallory.username);
    await bert.sees(chatId, ({ members }) => members.length === 2);
    core.inject(await bert.recipientKey(), [
      injectedEntry(fromHex(chatId), { kind: EntryKind.APPLICATION, epoch: 1, id: messageId, body: envelope }),
    ]);
    await bert.until(async () => (await bert.notices(chatId)).includes("unreadable old-epoch"), "the refusal");
    assert.deepEqual(await bert.texts(chatId), []);
    await anna.says(chatId, "and we go on");
    await bert.hears(chatId, anna.username, ["and we go on"]);
  },

  "PEOPLE A5: GRP-6.6: a message of a revoked device that is still in the tree is kept and marked, then refused":
    async ({ core, join }) => {
      await revokedMember(core, join, async ({ anna, bert, stolen, chatId, release }) => {
        const { mls, state } = await outsider(core, stolen);
        const ids = await new SealedStore(bert.storage.restarted(), bert.wrappingKey).range(
          "messageids",
          `${chatId}/mimi/`,
        );
        const id = fromHex(ids[0].key.split("/").at(-1)!);
        const before = await state(chatId);
        const seal = async (from: typeof before, container: MimiContent) => {
          const messageId = random(16);
          const { envelope, newState } = await mls.sealMessage(from, {
            messageId,
            content: encodeMimiContent(container),
          });
          const entry = { kind: EntryKind.APPLICATION, epoch: Number(from.epoch), id: messageId, body: envelope };
          return { newState, entry: injectedEntry(fromHex(chatId), entry) };
        };
        const first = await seal(before, write.text("under way"));
        const edit = await seal(first.newState, write.edit("what the thief wants", id));
        const second = await seal(edit.newState, write.text("too late"));
        const to = await bert.recipientKey();
        core.inject(to, [first.entry, { ...edit.entry, seq: 1_001 }]);
        await bert.hears(chatId, anna.username, ["what the thief wants", "under way"]);
        const marks = (await bert.items(chatId)).map((item) => item.kind === "message" && item.revokedDevice);
        assert.deepEqual(marks.filter((mark) => mark !== false), [true, true], "the edited line, too");
        release();
        await bert.until(
          async () => (await bert.notices(chatId)).some((notice) => notice.startsWith("device-removed")),
          "the device to be removed",
        );
        core.inject(to, [{ ...second.entry, seq: 2_000 }]);
        await bert.until(async () => (await bert.notices(chatId)).includes("unreadable old-epoch"), "the refusal");
        await anna.says(chatId, "by my own phone");
        await bert.hears(chatId, anna.username, ["what the thief wants", "under way", "by my own phone"]);
        const last = (await bert.items(chatId)).at(-1)!;
        assert.equal(last.kind === "message" && last.revokedDevice, undefined, "her other devices are not marked");
      }, "what anna said");
    },

  "PEOPLE A5: GRP-6.6: a Welcome of a revoked device, the own account's included, is an invitation that says so":
    async ({ core, join }) => {
      const [anna, bert] = [await join("anna"), await join("bert")];
      const chatId = await bert.engine.startChat([anna.username], "known to each other");
      await anna.sees(chatId);
      const stolen = await anna.secondDevice(core);
      try {
        const { rpc, mls } = await outsider(core, stolen);
        const { device, keyPackage, keyPackages: [ofBert] } = await deviceOf(stolen, rpc, [bert]);
        const { accountKey } = device;
        const deviceIds = [fromHex((await anna.engine.account() as { deviceId: string }).deviceId)];
        const { keyPackages: [ofAnna] } = await rpc.call(authentication.fetchKeyPackage, {
          accountKey,
          deviceIds,
          linkToken: new Uint8Array(),
        });
        const channelId = random(32);
        const alone = await mls.createGroup({
          channelId,
          keyPackage,
          info: { name: "come in", kind: "group", createdMs: 1 },
        });
        const { pending } = await mls.buildCommit(alone, {
          add: [ofBert, ofAnna.keyPackage],
          nowMs: Date.now(),
        });
        const { deviceId } = await stolen.engine.account() as { deviceId: string };
        await anna.engine.revokeDevice(deviceId, password);
        await bert.engine.safetyNumber(anna.username);
        for (const person of [anna, bert]) {
          const to = await person.recipientKey();
          const { header } = pending.bundle.headers.find(({ recipientKey }) => equalBytes(recipientKey, to))!;
          core.inject(to, [
            injectedEntry(channelId, {
              kind: EntryKind.WELCOME,
              epoch: 1,
              id: pending.commitId,
              header,
              body: pending.bundle.sealedWelcome,
            }),
          ]);
          const chat = await person.sees(toHex(channelId));
          assert.deepEqual([chat.invitation, chat.needsAcceptance, chat.inviterRevoked], [true, true, true]);
          await assert.rejects(person.says(toHex(channelId), "an answer accepts nothing"), /L018/);
          await person.engine.acceptInvitation(toHex(channelId));
          const accepted = await person.sees(toHex(channelId), ({ invitation }) => !invitation);
          assert.equal(accepted.inviterRevoked, undefined);
        }
      } finally {
        await stolen.close();
      }
    },

  "CONVERSATIONS: a stranger's revoked device does not get around who may write to the account": async (
    { core, join },
  ) => {
    const [bert, mallory] = [await join("bert"), await join("mallory")];
    const second = await mallory.secondDevice(core);
    try {
      await bert.engine.setContactPolicy("groups");
      const { rpc, mls } = await outsider(core, second);
      const { keyPackage, keyPackages: [ofBert] } = await deviceOf(second, rpc, [bert]);
      const channelId = random(32);
      const info = { name: "come in", kind: "group" as const, createdMs: 1 };
      const alone = await mls.createGroup({ channelId, keyPackage, info });
      const { pending: { bundle, commitId } } = await mls.buildCommit(alone, { add: [ofBert], nowMs: Date.now() });
      const { deviceId } = await second.engine.account() as { deviceId: string };
      await mallory.engine.revokeDevice(deviceId, password);
      await bert.engine.safetyNumber(mallory.username);
      const to = await bert.recipientKey();
      const { header } = bundle.headers.find(({ recipientKey }) => equalBytes(recipientKey, to))!;
      const welcome = { kind: EntryKind.WELCOME, epoch: 1, id: commitId, header, body: bundle.sealedWelcome };
      core.inject(to, [injectedEntry(channelId, welcome)]);
      await bert.until(() => false, "the Welcome's time", 2_000).catch(() => {});
      assert.deepEqual(await bert.engine.chats(), []);
      await bert.engine.setContactPolicy("everybody");
      assert.equal((await bert.sees(toHex(channelId))).inviterRevoked, true);
    } finally {
      await second.close();
    }
  },

  "PEOPLE A5: a request of a revoked device to be re-added, or for a secret, is never carried out": async (
    { core, join },
  ) => {
    await revokedMember(core, join, async ({ anna, bert, stolen, chatId, release }) => {
      const tap = new Wiretap();
      bert.wrapTransport = tap.wrap;
      await bert.crash();
      await bert.connected();
      const { rpc, state } = await outsider(core, stolen);
      const { device } = await deviceOf(stolen, rpc, []);
      const fresh = await makeKeyPackage({
        credential: credentialOf(device),
        signatureKeyPair: { seed: device.deviceSeed, publicKey: device.recipientKey },
        nowMs: Date.now(),
        lastResort: false,
      });
      const { epoch } = await state(chatId);
      const channelId = fromHex(chatId);
      const request = await signReadd(
        { channelId, recipientKey: device.recipientKey, keyPackageRef: fresh.ref, epoch },
        device.deviceSeed,
      );
      const to = await bert.recipientKey();
      const store = new SealedStore(bert.storage.restarted(), bert.wrappingKey);
      const { commits } = (await store.get<StoredConversation>("groups", chatId))!;
      const [n, commitId] = [Number(epoch), fromHex(commits.at(-1)!.commitId)];
      const contents = [
        { kind: "readd" as const, n, commitId: new Uint8Array(), request, keyPackage: fresh.keyPackage },
        { kind: "reseal" as const, n, commitId },
      ];
      const entries = await Promise.all(contents.map(async (content, index) =>
        injectedEntry(channelId, {
          seq: 1_000 + index,
          kind: EntryKind.DIRECT,
          epoch: 0,
          body: await sealDeviceMessage({ channelId, from: device.recipientKey, to, content }, device.deviceSeed),
        })
      ));
      core.inject(to, entries);
      release();
      await bert.until(
        async () => (await bert.notices(chatId)).some((notice) => notice.startsWith("device-removed")),
        "the device to be removed",
      );
      await anna.says(chatId, "all is well");
      await bert.hears(chatId, anna.username, ["all is well"]);
      await bert.engine.settled(AbortSignal.timeout(60_000));
      const key = toHex(device.recipientKey);
      const added = tap.of("commit").flatMap(({ added }) => (added as Bytes[]).map(toHex));
      assert.ok(!added.includes(key), "bert has built no commit that adds it");
      assert.deepEqual(tap.of("enqueue"), [], "and has sealed nothing to it");
    });
  },

  "PEOPLE A5: a device that was added and revoked while a member was away stops nobody": async ({ core, join }) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const chatId = await bert.engine.startChat([anna.username, carl.username], "a short visit");
    await Promise.all([anna.sees(chatId), carl.sees(chatId)]);
    carl.online = false;
    carl.disconnect();
    const visitor = await anna.secondDevice(core);
    try {
      await anna.crash();
      await visitor.sees(chatId);
      await anna.connected();
      const { deviceId } = await visitor.engine.account() as { deviceId: string };
      await anna.engine.revokeDevice(deviceId, password);
      await bert.until(
        async () => (await bert.notices(chatId)).some((notice) => notice.startsWith("device-removed")),
        "the device to be removed",
      );
      await bert.says(chatId, "carl hears this");
      carl.online = true;
      await carl.engine.wake();
      await carl.hears(chatId, bert.username, ["carl hears this"]);
      const notices = await carl.notices(chatId);
      assert.deepEqual(notices.filter((notice) => /^(rejected|unreadable|rejoined)/.test(notice)), []);
      await carl.says(chatId, "and goes on");
      await bert.hears(chatId, carl.username, ["and goes on"]);
    } finally {
      await visitor.close();
    }
  },
});
