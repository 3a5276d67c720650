import assert from "node:assert/strict";
import { fromHex, toHex } from "../../schema/bytes.ts";
import { delivery } from "../../schema/rpc/methods.ts";
import { SealedStore } from "../storage/sealed_store.ts";
import { renewAfterMs, renewalSpacingMs } from "../sync/commits/renewal.ts";
import type { StoredConversation } from "../sync/conversation/stored_conversation.ts";
import { outsider } from "../testing/outsider.ts";
import { type Person, suite } from "../testing/person.ts";

const dayMs = 24 * 3_600_000;

const stored = async (person: Person, chatId: string) => {
  const store = new SealedStore(person.storage.restarted(), person.wrappingKey);
  return (await store.get<StoredConversation>("groups", chatId))!;
};

/** The public X-Wing keys of the leaves, by username. */
async function leafKeys(of: { members: (state: never) => unknown }, state: unknown): Promise<Map<string, string>> {
  const members = of.members(state as never) as { credential: { username: string }; xwingPublicKey: Uint8Array }[];
  return new Map(members.map(({ credential, xwingPublicKey }) => [credential.username, toHex(xwingPublicKey)]));
}

/** Starts a person's engine anew over a changed record of a chat. */
async function startWith(
  person: Person,
  chatId: string,
  change: (stored: StoredConversation) => StoredConversation,
): Promise<void> {
  await person.engine.close();
  person.storage = person.storage.restarted();
  const store = new SealedStore(person.storage, person.wrappingKey);
  await store.takeFence();
  const value = change((await store.get<StoredConversation>("groups", chatId))!);
  const context = { channelId: fromHex(chatId), epoch: value.epoch, stateVersion: 0 };
  await store.write({ puts: [{ store: "groups", key: chatId, value, context }] });
  person.storage = person.storage.restarted();
  await person.start();
}

suite("leaves that heal", {
  "PEOPLE A4: GRP-6.4: readers renew their leaves after a week although others commit, one in 10 minutes": async (
    { core, join },
  ) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const people = [anna, bert, carl];
    const chatId = await anna.engine.startChat([bert.username, carl.username], "a quiet group");
    for (const person of [bert, carl]) {
      await person.sees(chatId);
      await person.engine.acceptInvitation(chatId);
    }
    const { mls, rpc, state } = await outsider(core, anna);
    const keysNow = async () => await leafKeys(mls, await state(chatId));
    const first = await keysNow();
    const epoch = async () => (await rpc.call(delivery.channelState, { channelId: fromHex(chatId) })).epoch;
    // Somebody who commits every two days renews one leaf, and once reset the count of all.
    for (let day = 0; day < 6; day += 2) {
      core.time.pass(2 * dayMs);
      await anna.engine.renameChat(chatId, `day ${day}`);
      for (const person of [bert, carl]) await person.sees(chatId, ({ title }) => title === `day ${day}`);
    }
    assert.equal(await epoch(), 4);
    core.time.pass(renewAfterMs - 6 * dayMs + 2 * renewalSpacingMs);
    const renewed = async () =>
      [bert, carl].filter(({ username }) => first.get(username) !== keys.get(username)).length;
    let keys = await keysNow();
    for (let turn = 1; turn <= 2; turn++) {
      await anna.until(async () => {
        keys = await keysNow();
        return await renewed() >= turn;
      }, `renewal ${turn}`);
      assert.deepEqual([await renewed(), await epoch()], [turn, 4 + turn], "one, and no other in the pause");
      await Promise.all(people.map((person) => person.engine.settled(AbortSignal.timeout(60_000))));
      for (const person of people) {
        await person.until(async () => (await stored(person, chatId)).epoch === 4 + turn, "the commit");
      }
      core.time.pass(2 * renewalSpacingMs);
      for (const person of people) person.disconnect();
      for (const person of people) await person.connected();
    }
    for (const person of people) {
      const { leafSinceMs } = await stored(person, chatId);
      assert.ok(core.time.now() - leafSinceMs! < renewAfterMs);
    }
    await bert.says(chatId, "all well");
    for (const person of [anna, carl]) await person.hears(chatId, bert.username, ["all well"]);
  },

  "PEOPLE A4: a record without the age of the leaf gets one, and nobody renews at once after an update": async (
    { core, join },
  ) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username], "from an earlier version");
    await bert.sees(chatId);
    await startWith(anna, chatId, ({ leafSinceMs: _age, ...earlier }) => earlier);
    await anna.engine.synced(AbortSignal.timeout(60_000));
    const leafSinceMs = await anna.until(async () => (await stored(anna, chatId)).leafSinceMs, "an age of the leaf");
    const ageMs = core.time.now() - leafSinceMs;
    assert.ok(ageMs > 0 && ageMs < renewAfterMs, `${ageMs} ms`);
    await anna.engine.settled(AbortSignal.timeout(60_000));
    assert.equal((await stored(anna, chatId)).epoch, 1);
  },

  "PEOPLE A4: an age of the leaf that a wrong clock has put ahead of the present does not stop renewals": async (
    { core, join },
  ) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username], "from an earlier version");
    await bert.sees(chatId);
    await startWith(anna, chatId, (made) => ({ ...made, leafSinceMs: core.time.now() + 365 * dayMs }));
    await anna.engine.synced(AbortSignal.timeout(60_000));
    const ageOf = async () => core.time.now() - (await stored(anna, chatId)).leafSinceMs!;
    const ageMs = await anna.until(async () => await ageOf() > 0 && await ageOf(), "an age of the leaf");
    assert.ok(ageMs > 0 && ageMs < renewAfterMs, `${ageMs} ms`);
    await anna.engine.settled(AbortSignal.timeout(60_000));
    assert.equal((await stored(anna, chatId)).epoch, 1);
  },

  "PEOPLE A4: an invitation that is not accepted gets no commit of this device": async ({ core, join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username], "a stranger's group");
    await bert.sees(chatId, ({ invitation }) => invitation);
    await anna.close();
    core.time.pass(renewAfterMs + 2 * renewalSpacingMs);
    await bert.crash();
    await bert.engine.synced(AbortSignal.timeout(60_000));
    await bert.engine.settled(AbortSignal.timeout(60_000));
    assert.equal((await stored(bert, chatId)).epoch, 1);
    await bert.engine.acceptInvitation(chatId);
    await bert.crash();
    await bert.until(async () => (await stored(bert, chatId)).epoch === 2, "the renewal");
  },
});
