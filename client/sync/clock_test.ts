import assert from "node:assert/strict";
import { Person, suite } from "./testing/person.ts";

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
  "adds people and is added, talks and listens, and its user is told, with a clock that is 3 hours slow or 30 hours fast": async ({ core, join }) => {
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
          assert.ok(own.kind === "message" && Math.abs(own.atMs - right()) < 60_000, "messages are dated by the server's time");
          assert.match(JSON.stringify(anna.problems), /L013/);
          assert.deepEqual(bert.problems, []);
        } finally {
          await anna.close();
        }
      });
    }
  },
});
