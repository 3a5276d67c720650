/** One member that breaks its group again and again, by commits that prove nobody (specification §3.5). */

import assert from "node:assert/strict";
import { concat, equalBytes, sha256 } from "../../schema/bytes.ts";
import { delivery } from "../../schema/rpc/methods.ts";
import { ErrorCode, WireError } from "../../schema/rpc/errors.ts";
import { LocalCode } from "../api/errors.ts";
import { maxReplacementsPerDay } from "../sync/reinit/create_replacement.ts";
import { type Hostile, random, sendCommit, takeOver, without } from "../testing/hostile_member.ts";
import { joinAll } from "../testing/join_all.ts";
import { outsider } from "../testing/outsider.ts";
import { type Person, suite } from "../testing/person.ts";
import { moved, recordOf, replaceableGroup } from "../testing/replacement.ts";
import { handOut } from "../testing/spoiled_devices.ts";

async function names(person: Person, chatId: string): Promise<string[]> {
  return (await person.chat(chatId))!.members.map(({ username }) => username).sort();
}

/** A commit of random bytes for the channel in which a person's conversation is now. It needs no state of the group. */
async function spoil(
  { rpc }: Pick<Hostile, "rpc">,
  person: Person,
  chatId: string,
  drops: (recipientKey: Uint8Array) => boolean = () => false,
): Promise<void> {
  const { channelId } = await recordOf(person, chatId);
  const { epoch, members } = await rpc.call(delivery.channelState, { channelId });
  const commit = random(400);
  const removed = members.filter(drops);
  const headers = concat(
    ...members.filter((key) => !drops(key)).flatMap((recipientKey) => [recipientKey, random(1168)]),
  );
  const body = concat(commit, headers);
  const lengths = { commitLength: commit.length, welcomeLength: 0, headersLength: headers.length };
  const said = { channelId, epoch, commitId: random(16), sha256: await sha256(body), removed, added: [] };
  await rpc.call(delivery.commit, { ...said, ...lengths }, {}, body);
}

async function goOn(people: Person[], chatId: string): Promise<void> {
  for (const person of people) {
    assert.deepEqual(await names(person, chatId), people.map(({ username }) => username).sort());
  }
  const [anna, bert] = people;
  await anna.says(chatId, "without");
  await bert.hears(chatId, anna.username, ["without"]);
}

suite("a member that breaks its group again and again", {
  "PEOPLE A1: an admin removes a member while the group stands still, and the group goes on without it": async (
    { core, join },
  ) => {
    const [anna, bert, mallory] = [await join("anna"), await join("bert"), await join("mallory")];
    const chatId = await replaceableGroup([anna, bert, mallory]);
    const hostile = await takeOver(core, mallory, chatId);
    await spoil(hostile, anna, chatId);
    await anna.sees(chatId, ({ active }) => !active);
    await assert.rejects(bert.engine.removePerson(chatId, mallory.username), /L010/);
    await anna.engine.removePerson(chatId, mallory.username);
    await moved([anna, bert], chatId);
    await goOn([anna, bert], chatId);
  },

  "PEOPLE A1: an admin that alone could not follow removes the member once it is back": async ({ core, join }) => {
    const [anna, bert, mallory] = [await join("anna"), await join("bert"), await join("mallory")];
    const chatId = await replaceableGroup([anna, bert, mallory]);
    const hostile = await takeOver(core, mallory, chatId);
    const { pending } = await hostile.mls.buildCommit(hostile.state, { nowMs: Date.now() });
    const annaKey = await anna.recipientKey();
    const headers = pending.bundle.headers.map(({ recipientKey, header }) => ({
      recipientKey,
      header: equalBytes(recipientKey, annaKey) ? random(1168) : header,
    }));
    await sendCommit(hostile, chatId, pending, { headers });
    await anna.sees(chatId, ({ active }) => !active);
    await anna.engine.removePerson(chatId, mallory.username);
    for (const person of [anna, bert]) await person.sees(chatId, ({ members }) => members.length === 2);
    assert.ok(!(await anna.notices(chatId)).some((notice) => notice.startsWith("successor")));
    await goOn([anna, bert], chatId);
  },

  "PEOPLE A1: an admin's device keeps KeyPackages for the replacement without such a member": async (
    { core, join },
  ) => {
    const [anna, bert, mallory] = [await join("anna"), await join("bert"), await join("mallory")];
    const chatId = await replaceableGroup([anna, bert, mallory]);
    const hostile = await takeOver(core, mallory, chatId);
    for (let times = 1; times <= maxReplacementsPerDay; times++) {
      await spoil(hostile, anna, chatId);
      await moved([anna, bert], chatId, times);
    }
    await spoil(hostile, anna, chatId);
    const isTold = () => (anna.problems as { code: string }[]).some(({ code }) => code === LocalCode.brokenAgain);
    await anna.until(isTold, "what the user can do");
    await anna.engine.removePerson(chatId, mallory.username);
    await moved([anna, bert], chatId, maxReplacementsPerDay + 1);
    await goOn([anna, bert], chatId);
  },

  "PEOPLE A1: a member that has the server drop everybody else does not end the group": async ({ core, join }) => {
    const [anna, bert, carl, mallory] = await joinAll(join, "anna", "bert", "carl", "mallory");
    const chatId = await replaceableGroup([anna, bert, carl, mallory]);
    const hostile = await takeOver(core, mallory, chatId);
    const own = await mallory.recipientKey();
    await spoil(hostile, anna, chatId, (key) => !equalBytes(key, own));
    for (const person of [anna, bert, carl]) {
      await person.until(
        async () => (await person.notices(chatId)).some((notice) => notice.startsWith("removed-by-server")),
        "the server's word",
      );
    }
    await moved([anna, bert, carl], chatId);
    await spoil(hostile, anna, chatId, (key) => !equalBytes(key, own));
    await anna.sees(chatId, ({ active }) => !active);
    await anna.engine.removePerson(chatId, mallory.username);
    await moved([anna, bert, carl], chatId, 2);
    await goOn([anna, bert, carl], chatId);
  },

  "PEOPLE A1: a member that has the server drop the only admin does not leave the group without one": async (
    { core, join },
  ) => {
    const [anna, bert, mallory] = [await join("anna"), await join("bert"), await join("mallory")];
    const chatId = await replaceableGroup([anna, bert, mallory]);
    const hostile = await takeOver(core, mallory, chatId);
    const { pending } = await hostile.mls.buildCommit(hostile.state, { nowMs: Date.now() });
    const victim = await anna.recipientKey();
    const headers = without(pending.bundle.headers, victim);
    await sendCommit(hostile, chatId, pending, { removed: [victim], headers });
    await bert.until(
      async () => (await bert.notices(chatId)).includes(`server-differs ${mallory.username}`),
      "the difference",
    );
    await anna.sees(chatId, ({ active }) => active);
    await moved([anna, bert], chatId);
    await anna.engine.removePerson(chatId, mallory.username);
    await bert.sees(chatId, ({ members }) => members.length === 2);
    await goOn([anna, bert], chatId);
  },

  "PEOPLE A7: a group does not stand still for a person of whom the server gives no KeyPackage today": async (
    { core, join },
  ) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const chatId = await replaceableGroup([anna, bert, carl]);
    const limit = () => Promise.reject(new WireError(ErrorCode.rateLimited, "too many today", 3_600_000));
    const stop = await handOut(core, carl, limit);
    const { rpc } = await outsider(core, bert);
    await spoil({ rpc }, anna, chatId);
    await moved([anna, bert], chatId);
    await goOn([anna, bert], chatId);
    stop();
    anna.disconnect();
    await anna.connected();
    await moved([carl], chatId);
    await carl.says(chatId, "here again");
    for (const person of [anna, bert]) await person.hears(chatId, carl.username, ["here again"]);
  },
});
