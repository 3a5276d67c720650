/** What a device does whose session was ended elsewhere: by its removal, or by a new password. */

import assert from "node:assert/strict";
import type { TestCore } from "../testing/core.ts";
import { password, type Person, suite } from "../testing/person.ts";

const next = "another horse, another battery";

/** The process dies in the very moment in which the person is told that the session has ended. */
function diesWhenTold(person: Person): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  person.onEvent = (event) => {
    if (event.kind !== "account" || event.account.kind !== "ended") return;
    person.online = false;
    person.onEvent = () => {};
    const { storage } = person;
    person.storage = storage.restarted();
    storage.die();
    resolve();
  };
  return promise;
}

/** Runs a test on another device of a person, which is closed at its end. */
async function withSecond(core: TestCore, person: Person, test: (second: Person) => Promise<void>): Promise<void> {
  const second = await person.secondDevice(core);
  try {
    await test(second);
  } finally {
    await second.close();
  }
}

const stateOf = async (person: Person) => (await person.engine.account()) as { kind: string; code?: string };

suite("a session that the server has ended", {
  "PEOPLE B5: a device that is told of its removal knows it after a crash, and signs in as a new one": async ({
    core,
    join,
  }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await bert.engine.startChat([anna.username], "talk");
    await withSecond(core, anna, async (second) => {
      const told = diesWhenTold(second);
      const { deviceId } = (await anna.engine.devices()).find(({ current }) => !current)!;
      await anna.engine.revokeDevice(deviceId, password);
      await told;
      await second.engine.close();
      await second.start();
      assert.deepEqual(await stateOf(second), { kind: "ended", username: anna.username, code: "revoked" });
      second.online = true;
      await second.engine.signIn(anna.username, password);
      await second.connected();
      const account = await second.engine.account();
      assert.ok(account.kind === "signed-in" && account.deviceId !== deviceId, "the former device never comes back");
      // It is added by who looks at the lists of devices, which each connection does.
      await bert.crash();
      await second.sees(chatId);
      await bert.says(chatId, "to the new device");
      await second.hears(chatId, bert.username, ["to the new device"]);
    });
  },

  "PEOPLE B5: a device that is told of a password change knows it after a crash, and goes on as the same device":
    async ({ core, join }) => {
      const [anna, bert] = [await join("anna"), await join("bert")];
      await withSecond(core, anna, async (second) => {
        const chatId = await bert.engine.startChat([anna.username], "talk");
        await bert.says(chatId, "before");
        await second.hears(chatId, bert.username, ["before"]);
        const before = await second.engine.account();
        const told = diesWhenTold(second);
        await anna.engine.changePassword(password, next);
        await told;
        await second.engine.close();
        await second.start();
        assert.deepEqual(await stateOf(second), { kind: "ended", username: anna.username, code: "E001" });
        second.online = true;
        await second.engine.signIn(anna.username, next);
        assert.deepEqual(await second.engine.account(), before);
        await bert.says(chatId, "after");
        await second.hears(chatId, bert.username, ["before", "after"]);
      });
    },

  "PEOPLE B5: without room to store it, the end is told with L005": async ({ core, join }) => {
    const anna = await join("anna");
    await withSecond(core, anna, async (second) => {
      const write = second.storage.write.bind(second.storage);
      second.storage.write = async (batch) => {
        const isSession = batch.puts?.some(({ store, key }) => store === "account" && key === "session");
        if (isSession) second.storage.failWrite(1, "lose");
        await write(batch);
      };
      await anna.engine.changePassword(password, next);
      await second.until(async () => (await stateOf(second)).kind === "ended", "the end");
      assert.ok(second.problems.some((problem) => (problem as { code: string }).code === "L005"));
    });
  },

  "PEOPLE B5: an account made where another device has ended has nothing of that device": async ({ core, join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    await withSecond(core, anna, async (second) => {
      const chatId = await bert.engine.startChat([anna.username], "talk");
      await second.sees(chatId);
      await anna.engine.changePassword(password, next);
      await second.until(async () => (await stateOf(second)).kind === "ended", "the end");
      await second.engine.createAccount(`${anna.username}x`, password);
      assert.deepEqual(await second.engine.chats(), []);
      assert.deepEqual((await second.storage.range("groups", "")).length, 0);
    });
  },
});
