import assert from "node:assert/strict";
import { SealedStore } from "../storage/sealed_store.ts";
import { Person, suite } from "../testing/person.ts";

const hourMs = 3_600_000;

/** Somebody whose device's clock, the whole process's included, is off while `work` runs; the core's is right. */
async function withClockOff(aheadMs: number, work: (now: () => number) => Promise<void>): Promise<void> {
  const right = Date.now;
  Date.now = () => right() + aheadMs;
  try {
    await work(Date.now);
  } finally {
    Date.now = right;
  }
}

suite("a device whose clock is off", {
  "a device with a clock 3 hours slow or 30 hours fast takes part, and its user is told": async ({ core, join }) => {
    const right = Date.now;
    for (const hours of [-3, 30]) {
      const [bert, carl] = [await join("bert"), await join("carl")];
      await withClockOff(hours * hourMs, async (now) => {
        const anna = await Person.join(core, `${bert.username}.off`, 7, { now });
        try {
          const chatId = await anna.engine.startChat([bert.username], "off by hours");
          await anna.engine.addPeople(chatId, [carl.username]);
          await anna.says(chatId, "what time is it?");
          for (const person of [bert, carl]) await person.hears(chatId, anna.username, ["what time is it?"]);
          const back = await bert.engine.startChat([anna.username, carl.username], "the other way");
          await anna.sees(back);
          await carl.sees(back);
          await carl.says(back, "late");
          await anna.hears(back, carl.username, ["late"]);
          const [own] = (await anna.items(chatId)).filter((item) => item.kind === "message");
          assert.ok(
            own.kind === "message" && Math.abs(own.atMs - right()) < 60_000,
            "messages are dated by the server's time",
          );
          assert.match(JSON.stringify(anna.problems), /L013/);
          assert.deepEqual(bert.problems, []);
        } finally {
          await anna.close();
        }
      });
    }
  },

  "the newest time that both clocks reached survives a restart, and a server 130 days slow does not undo it": async (
    { core, join },
  ) => {
    const { username } = await join("bert");
    const anna = await Person.join(core, `${username}.right`, 7, { now: Date.now });
    const kept = async () =>
      (await new SealedStore(anna.storage.restarted(), anna.wrappingKey).get<{ reachedMs: number }>(
        "account",
        "time",
      ))?.reachedMs ?? 0;
    const beganMs = Date.now();
    try {
      await anna.until(async () => Math.abs(await kept() - beganMs) < 60_000, "the time on disk");
      await anna.engine.close();
      anna.storage = anna.storage.restarted();
      const reachedMs = await kept();
      core.time.pass(-130 * 24 * hourMs);
      await anna.start();
      await anna.connected();
      await anna.until(() => /L013/.test(JSON.stringify(anna.problems)), "the word that the clocks are apart");
      assert.ok(await kept() >= reachedMs);
      const chatId = await anna.engine.startChat([], "dated");
      const { activityMs } = (await anna.engine.chats()).find((chat) => chat.chatId === chatId)!;
      assert.ok(activityMs >= reachedMs, "what she makes is dated by no time before that");
    } finally {
      await anna.close();
    }
  },
});
