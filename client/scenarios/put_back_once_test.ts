import assert from "node:assert/strict";
import { firstRoundMs, putOffMs } from "../sync/recovery/recovery_rounds.ts";
import { lose } from "../testing/lost_records.ts";
import { type Person, suite, type World } from "../testing/person.ts";
import { testEnvironment } from "../testing/test_environment.ts";
import { Wiretap } from "../testing/wiretap.ts";

const returns = async (person: Person, chatId: string) =>
  (await person.notices(chatId)).filter((notice) => notice.startsWith("rejoined")).length;

/**
 * Anna's device, which answers a request at once, and bert's, whose state of their group is lost. Bert asks, and anna
 * does not get it before `release`. Bert goes on to the next round with `nextRound` alone.
 */
async function asking({ core, join }: World) {
  let due: (() => void) | undefined;
  const { after } = testEnvironment(2);
  const [anna, bert] = [
    await join("anna", { random: () => 0 }),
    await join("bert", {
      after: (delayMs, run) => {
        if (delayMs !== firstRoundMs && delayMs !== putOffMs) return after(delayMs, run);
        due = run;
        return () => due = due === run ? undefined : due;
      },
    }),
  ];
  const chatId = await anna.engine.startChat([bert.username], "group");
  await bert.sees(chatId);
  await lose(bert, "epochs", chatId);
  const release = core.hold(await anna.recipientKey());
  const tap = new Wiretap();
  bert.wrapTransport = tap.wrap;
  await bert.start();
  await bert.until(() => tap.of("enqueue").length === 1 && due, "the first request and the pause behind it");
  const nextRound = () => {
    const run = due;
    due = undefined;
    run?.();
  };
  return { anna, bert, chatId, tap, release, nextRound };
}

suite("a device that asks to be put back", {
  "GRP-4.5: asks nobody again when it was put back while the server answered": async (world) => {
    const { anna, bert, chatId, tap, release, nextRound } = await asking(world);
    const releaseBert = world.core.hold(await bert.recipientKey());
    release();
    await anna.until(async () => await returns(anna, chatId) === 1, "bert to be put back");
    const answer = Promise.withResolvers<void>();
    let asked = 0;
    tap.holdsAnswer = ({ method }) => method === "channelState" && asked++ === 0 ? answer.promise : undefined;
    nextRound();
    await bert.until(() => asked > 0, "the next round");
    releaseBert();
    await bert.until(async () => await returns(bert, chatId) === 1, "to be back");
    answer.resolve();
    await bert.says(chatId, "here");
    await anna.hears(chatId, bert.username, ["here"]);
    assert.equal(tap.of("enqueue").length, 1);
    assert.deepEqual([await returns(anna, chatId), await returns(bert, chatId)], [1, 1]);
  },

  "GRP-4.5: asks nobody again while its Welcome waits in its queue": async (world) => {
    const { anna, bert, chatId, tap, release, nextRound } = await asking(world);
    const delivered = Promise.withResolvers<void>();
    tap.holdsAnswer = ({ method }) => method === "subscribeAs" ? delivered.promise : undefined;
    release();
    await anna.until(async () => await returns(anna, chatId) === 1, "bert to be put back");
    const looks = tap.of("fetch").length;
    nextRound();
    await bert.until(() => tap.of("enqueue").length > 1 || tap.of("fetch").length > looks, "the next round");
    delivered.resolve();
    await bert.until(async () => await returns(bert, chatId) === 1, "to be back");
    await bert.says(chatId, "here");
    await anna.hears(chatId, bert.username, ["here"]);
    assert.equal(tap.of("enqueue").length, 1);
  },

  "GRP-4.5: asks again though entries of the channel wait, when they have waited for a round": async (world) => {
    const { anna, bert, chatId, tap, release, nextRound } = await asking(world);
    tap.holdsAnswer = ({ method }) => method === "subscribeAs" ? new Promise(() => {}) : undefined;
    // Any entry of the channel, before anna hears of the request.
    await anna.says(chatId, "where are you?");
    await anna.settled(chatId);
    nextRound();
    await bert.until(() => tap.of("fetch").some(({ limit }) => limit === 1), "a look into the queue");
    assert.equal(tap.of("enqueue").length, 1);
    await bert.until(() => {
      nextRound();
      return tap.of("enqueue").length === 2;
    }, "the second request");
    release();
    await anna.until(async () => await returns(anna, chatId) === 1, "bert to be put back");
  },
});
