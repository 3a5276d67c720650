import assert from "node:assert/strict";
import type { StoredVault } from "../account/vault/vault_keeper.ts";
import { SealedStore } from "../storage/sealed_store.ts";
import { joinAll } from "../testing/join_all.ts";
import { password, type Person, suite } from "../testing/person.ts";

suite("a core that was restored from a backup", {
  "messages that only the lost server had are resent by their senders, and nobody gets one twice": async (
    { core, join },
  ) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const pair = await anna.engine.startChat([bert.username]);
    const group = await anna.engine.startChat([bert.username, carl.username], "The Long Walk");
    await Promise.all([bert.sees(pair), bert.sees(group), carl.sees(group)]);
    await anna.says(pair, "in the backup");
    await bert.hears(pair, anna.username, ["in the backup"]);
    bert.online = false;
    bert.disconnect();
    await anna.says(pair, "waits in the backup");
    await anna.settled(pair);
    const copy = await core.backup();
    await anna.connected();
    await anna.says(pair, "not in the backup");
    await anna.says(group, "not in the backup either");
    await carl.hears(group, anna.username, ["not in the backup either"]);
    await carl.says(group, "nor this");
    await Promise.all([anna.settled(pair), anna.settled(group), carl.settled(group)]);
    await core.restore(copy);
    bert.online = true;
    await bert.hears(pair, anna.username, ["in the backup", "waits in the backup", "not in the backup"]);
    await bert.hears(group, anna.username, ["not in the backup either"]);
    await bert.hears(group, carl.username, ["nor this"]);
    await anna.hears(group, carl.username, ["nor this"]);
    assert.deepEqual(await carl.texts(group), ["not in the backup either", "nor this"]);
    for (const person of [anna, bert, carl]) assert.deepEqual(person.problems, []);
  },

  "what a device had read of the lost numbers hides nothing of what comes after the restore, however much that is":
    async ({ core, join }) => {
      const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
      const chatId = await anna.engine.startChat([bert.username, carl.username], "The Long Walk");
      await Promise.all([bert, carl].map((person) => person.sees(chatId)));
      const copy = await core.backup();
      await Promise.all([anna, bert, carl].map((person) => person.connected()));
      const lost = ["one", "two", "three"];
      for (const text of lost) await carl.says(chatId, text);
      for (const person of [anna, bert]) await person.hears(chatId, carl.username, lost);
      for (const person of [bert, carl]) {
        person.online = false;
        person.disconnect();
      }
      await core.restore(copy);
      await anna.connected();
      const after = ["four", "five", "six", "seven", "eight"];
      for (const text of after) await anna.says(chatId, text);
      await anna.settled(chatId);
      bert.online = true;
      await bert.hears(chatId, anna.username, after);
    },

  "a group that had gone on without the core's knowledge moves to a replacement channel though nobody writes": async (
    { core, join },
  ) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username], "The Long Walk");
    await bert.sees(chatId);
    const copy = await core.backup();
    await anna.connected();
    await anna.engine.renameChat(chatId, "Lost by the core");
    await bert.sees(chatId, ({ title }) => title === "Lost by the core");
    await core.restore(copy);
    for (const person of [anna, bert]) await person.moved(chatId);
    await bert.says(chatId, "a member's");
    await anna.hears(chatId, bert.username, ["a member's"]);
  },

  "an admin who missed what the core lost is told by a member, and replaces the channel": async ({ core, join }) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const chatId = await anna.engine.startChat([bert.username], "The Long Walk");
    await bert.sees(chatId);
    const copy = await core.backup();
    anna.online = false;
    anna.disconnect();
    await bert.connected();
    await bert.engine.addPeople(chatId, [carl.username]);
    await carl.sees(chatId);
    await bert.says(chatId, "with carl");
    await carl.hears(chatId, bert.username, ["with carl"]);
    await core.restore(copy);
    anna.online = true;
    for (const person of [anna, bert, carl]) await person.moved(chatId);
    await anna.sees(chatId, ({ members }) => members.length === 3);
    await anna.hears(chatId, bert.username, ["with carl"]);
    await anna.says(chatId, "all three");
    for (const person of [bert, carl]) await person.hears(chatId, anna.username, ["all three"]);
    assert.equal((await anna.notices(chatId)).filter((notice) => notice.startsWith("successor")).length, 1);
  },

  "a message that waited while the core lost its epoch is read in the epoch that others made in its place": async (
    { core, join },
  ) => {
    const [anna, bert, carl, dora] = await joinAll(join, "anna", "bert", "carl", "dora");
    const chatId = await anna.engine.startChat([bert.username, carl.username], "The Long Walk");
    await Promise.all([bert, carl].map((person) => person.sees(chatId)));
    const copy = await core.backup();
    await Promise.all([anna, bert].map((person) => person.connected()));
    carl.online = false;
    carl.disconnect();
    await anna.engine.renameChat(chatId, "Lost by the core");
    await bert.sees(chatId, ({ title }) => title === "Lost by the core");
    for (const person of [anna, bert]) {
      person.online = false;
      person.disconnect();
    }
    await bert.says(chatId, "in the lost epoch");
    await core.restore(copy);
    carl.online = true;
    await carl.connected();
    // Its number is that of the lost one.
    await carl.engine.addPeople(chatId, [dora.username]);
    await dora.sees(chatId);
    bert.online = true;
    await carl.hears(chatId, bert.username, ["in the lost epoch"]);
    assert.deepEqual((await carl.notices(chatId)).filter((notice) => notice.startsWith("unreadable")), []);
  },

  "a device that was away while the core was restored twice sends again what the first restore lost": async (
    { core, join },
  ) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const chatId = await anna.engine.startChat([bert.username, carl.username], "The Long Walk");
    await Promise.all([bert, carl].map((person) => person.sees(chatId)));
    carl.online = false;
    carl.disconnect();
    const first = await core.backup();
    await anna.connected();
    await anna.says(chatId, "lost by the first restore");
    await anna.settled(chatId);
    anna.online = false;
    anna.disconnect();
    await core.restore(first);
    await bert.connected();
    await bert.says(chatId, "in the second backup");
    await bert.settled(chatId);
    await core.restore(await core.backup());
    for (const person of [anna, carl]) person.online = true;
    await carl.hears(chatId, bert.username, ["in the second backup"]);
    await carl.hears(chatId, anna.username, ["lost by the first restore"]);
  },

  "somebody who was added after a message does not get it when it is said again": async ({ core, join }) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const chatId = await anna.engine.startChat([bert.username], "The Long Walk");
    await bert.sees(chatId);
    const copy = await core.backup();
    await anna.connected();
    await anna.says(chatId, "before carl");
    await bert.hears(chatId, anna.username, ["before carl"]);
    await anna.engine.addPeople(chatId, [carl.username]);
    await carl.sees(chatId);
    await anna.says(chatId, "with carl");
    await carl.hears(chatId, anna.username, ["with carl"]);
    await core.restore(copy);
    for (const person of [anna, bert, carl]) await person.moved(chatId);
    await anna.says(chatId, "after the restore");
    for (const person of [bert, carl]) {
      await person.until(
        async () => (await person.texts(chatId, anna.username)).includes("after the restore"),
        "the next message",
      );
    }
    assert.deepEqual(await carl.texts(chatId, anna.username), ["with carl", "after the restore"]);
    assert.deepEqual(await bert.texts(chatId, anna.username), ["before carl", "with carl", "after the restore"]);
  },

  "a vault that the core has lost is written again, above every version that the device has seen": async (
    { core, join },
  ) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    await anna.engine.startChat([bert.username]);
    await anna.until(async () => await vaultVersion(anna) > 1, "the vault with the first chat");
    const before = await vaultVersion(anna);
    const copy = await core.backup();
    await anna.connected();
    await anna.engine.startChat([carl.username]);
    await anna.until(async () => await vaultVersion(anna) > before, "the vault with the second chat");
    const seen = await vaultVersion(anna);
    await core.restore(copy);
    await anna.until(async () => await vaultVersion(anna) > seen, "a newer vault");
    assert.deepEqual(anna.problems, []);
    // Refused (L006) where the server's vault is older than the one seen.
    await anna.engine.newRecoveryCode(password);
  },

  "a device that signed in after the backup goes on as itself when its user gives the password": async (
    { core, join },
  ) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const copy = await core.backup();
    await Promise.all([anna, bert].map((person) => person.connected()));
    const second = await anna.secondDevice(core);
    try {
      const { deviceId } = await second.engine.account() as { deviceId: string };
      const chatId = await second.engine.startChat([bert.username]);
      await bert.sees(chatId);
      await second.says(chatId, "on the new device");
      await bert.hears(chatId, anna.username, ["on the new device"]);
      await core.restore(copy);
      await second.until(async () => (await second.engine.account()).kind === "ended", "the end of the session");
      await second.engine.signIn(anna.username, password);
      await second.moved(chatId);
      assert.deepEqual(await second.texts(chatId), ["on the new device"]);
      assert.equal((await second.engine.account() as { deviceId: string }).deviceId, deviceId);
    } finally {
      await second.close();
    }
  },
});

/** @returns the highest version of the vault that the device has seen, as its disk has it */
async function vaultVersion({ storage, wrappingKey }: Person): Promise<number> {
  return (await new SealedStore(storage.restarted(), wrappingKey).get<StoredVault>("account", "vault"))!.version;
}
