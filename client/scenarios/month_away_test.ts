import assert from "node:assert/strict";
import { deviceIdOf } from "../../schema/credential.ts";
import type { MemoryStorage } from "../storage/testing/memory.ts";
import { password, type Person, suite } from "../testing/person.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Delays the next write of KeyPackages. `finish` lets it through, and waits until its caller has gone on. */
function holdKeyPackages(storage: MemoryStorage): { begun: Promise<void>; finish: () => Promise<void> } {
  const [begun, released, written] = [
    Promise.withResolvers<void>(),
    Promise.withResolvers<void>(),
    Promise.withResolvers<void>(),
  ];
  const write = storage.write.bind(storage);
  storage.write = async (batch) => {
    if (!batch.puts?.some(({ store }) => store === "keypackages")) return await write(batch);
    begun.resolve();
    await released.promise;
    await write(batch);
    written.resolve();
  };
  return {
    begun: begun.promise,
    finish: async () => {
      released.resolve();
      await written.promise;
      // The upload, if there is one, opens its stream within a few turns.
      await new Promise((resolve) => setTimeout(resolve, 50));
    },
  };
}

suite("KeyPackages over time", {
  "a client that stays connected has 20 fresh KeyPackages and a last resort on the server at every hour of three days":
    async ({ core, join }) => {
      const anna = await join("anna");
      const deviceId = await deviceIdOf(await anna.recipientKey());
      await anna.until(async () => (await core.stockOf(deviceId)).available === 20, "her first stock");
      const calls = { countKeyPackages: 0, uploadKeyPackages: 0 };
      // Sees every call and refuses none.
      anna.refuses = (method) => {
        if (method in calls) calls[method as keyof typeof calls]++;
        return false;
      };
      for (let hour = 1; hour <= 72; hour++) {
        core.time.pass(hourMs);
        const { available, lastResort } = await core.stockOf(deviceId);
        assert.ok(available >= 20 && lastResort, `hour ${hour}: ${available}`);
        await anna.until(
          () => calls.countKeyPackages >= hour && calls.uploadKeyPackages >= Math.floor(hour / 20),
          `her look at the stock in hour ${hour}`,
        );
      }
      assert.deepEqual(
        calls,
        { countKeyPackages: 72, uploadKeyPackages: 3 },
        "renewed every 20 hours, and else only looked after",
      );
    },

  "an engine that is closed while it stores new KeyPackages does not publish them": async ({ core, join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const deviceId = await deviceIdOf(await bert.recipientKey());
    await bert.until(async () => (await core.stockOf(deviceId)).available === 20, "his first stock");
    const stored = holdKeyPackages(bert.storage);
    // The Welcome uses one KeyPackage up, so bert makes another one.
    await anna.engine.startChat([bert.username]);
    await stored.begun;
    await bert.engine.close();
    await stored.finish();
    assert.equal((await core.stockOf(deviceId)).available, 19);
  },

  "a person away for a month is in every group that invited them, and reads all after each invitation": async (
    { core, join },
  ) => {
    const people = [await join("anna"), await join("carl"), await join("dora")];
    const bert = await join("bert");
    const [anna, carl, dora] = people;
    // They know each other, so that what comes is no invitation to be accepted first.
    for (const person of people) await person.engine.startChat([bert.username]);
    await bert.until(async () => (await bert.engine.chats()).length === 3, "three chats");
    const deviceId = await deviceIdOf(await bert.recipientKey());
    await bert.engine.close();
    bert.storage = bert.storage.restarted();

    const invited: { chatId: string; by: Person; texts: string[] }[] = [];
    const inviters = new Map([[1, anna], [2, carl], [9, dora], [16, anna], [23, carl], [31, dora]]);
    for (let day = 1; day <= 31; day++) {
      core.time.pass(dayMs);
      for (const person of people) await person.connected();
      const by = inviters.get(day);
      if (by) {
        const others = people.filter((person) => person !== by);
        const chatId = await by.engine.startChat(
          [bert.username, ...others.map(({ username }) => username)],
          `group of day ${day}`,
        );
        for (const other of others) await other.sees(chatId);
        invited.push({ chatId, by, texts: [] });
      }
      for (const group of invited) {
        const text = `day ${day}`;
        await group.by.says(group.chatId, text);
        group.texts.push(text);
      }
    }
    for (const { chatId, by } of invited) await by.settled(chatId);
    // The last resort alone has kept him reachable, and still does.
    assert.deepEqual(await core.stockOf(deviceId), { available: 0, lastResort: false }, "handed out already");

    await bert.start();
    // His session was of 30 days; the device and its keys are what they were.
    await bert.until(async () => (await bert.engine.account()).kind === "ended", "the end of the session");
    await bert.engine.signIn(bert.username, password);
    await bert.connected();
    for (const { chatId, by, texts } of invited) {
      await bert.sees(chatId, ({ active }) => active);
      await bert.hears(chatId, by.username, texts);
      await bert.says(chatId, "back");
      await by.hears(chatId, bert.username, ["back"]);
    }
    assert.deepEqual(bert.problems, []);
    await bert.until(async () => (await core.stockOf(deviceId)).available >= 20, "a fresh stock");
  },
});
