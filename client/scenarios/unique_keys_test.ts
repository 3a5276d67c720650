import assert from "node:assert/strict";
import { toHex } from "../../schema/bytes.ts";
import { LocalCode } from "../api/errors.ts";
import { leafAt } from "../mls/identity.ts";
import { forgePending, withPathKey } from "../mls/testing/forge.ts";
import { SealedStore } from "../storage/sealed_store.ts";
import { type ConversationRecord, keys } from "../sync/conversation/records.ts";
import { type Hostile, random, sendCommit, takeOver } from "../testing/hostile_member.ts";
import { joinAll } from "../testing/join_all.ts";
import { type Person, suite } from "../testing/person.ts";
import { moved, replaceableGroup } from "../testing/replacement.ts";
import { handOut, twinOf } from "../testing/spoiled_devices.ts";

const codes = (person: Person) => (person.problems as { code: string }[]).map(({ code }) => code);

/** Everybody hears everybody, after a commit of the group too. */
async function talk(chatId: string, people: Person[], text: string): Promise<void> {
  for (const person of people) {
    await person.says(chatId, `${text} ${person.username}`);
    for (const other of people.filter((other) => other !== person)) {
      await other.until(
        async () => (await other.texts(chatId, person.username)).includes(`${text} ${person.username}`),
        `${text} of ${person.username}`,
      );
    }
  }
}

async function names(person: Person, chatId: string): Promise<string[]> {
  return (await person.chat(chatId))!.members.map(({ username }) => username).sort();
}

/** The leaf key of another member, which is in every member's tree. */
function keyOf({ mls, state }: Hostile, username: string): Uint8Array {
  const { leafIndex } = mls.members(state).find(({ credential }) => credential.username === username)!;
  return leafAt(state.mls.ratchetTree, leafIndex)!.hpkePublicKey;
}

suite("a key that stands twice in a group", {
  "PEOPLE A1: an invited stranger with two devices of one leaf key comes in with one of them": async (
    { core, join },
  ) => {
    const [anna, bert, mallory] = [await join("anna"), await join("bert"), await join("mallory")];
    const second = await mallory.secondDevice(core);
    const leafKey = random(32);
    for (const device of [mallory, second]) {
      await handOut(core, device, { leafKey });
      await device.engine.close();
    }
    const chatId = await replaceableGroup([anna, bert]);
    await anna.engine.addPeople(chatId, [mallory.username]);
    assert.deepEqual(codes(anna), [LocalCode.badKeyPackage]);
    await anna.engine.renameChat(chatId, "After");
    await bert.sees(chatId, ({ title }) => title === "After");
    await talk(chatId, [anna, bert], "again");
    assert.deepEqual(await names(bert, chatId), [anna, bert, mallory].map(({ username }) => username).sort());
    const twice = await join("carl");
    const other = await anna.engine.startChat([twice.username, mallory.username], "with both from the start");
    await twice.sees(other);
    await talk(other, [anna, twice], "here too");
  },

  "PEOPLE A1: a member's second device with another's leaf key stays out, and others' devices come in": async (
    { core, join },
  ) => {
    const [anna, bert, mallory, eve] = await joinAll(join, "anna", "bert", "mallory", "eve");
    const chatId = await replaceableGroup([anna, bert, mallory, eve]);
    const hostile = await takeOver(core, mallory, chatId);
    // Hers stays the same: she makes no commit.
    const leafKey = keyOf(hostile, eve.username);
    for (const person of [anna, bert, eve]) await person.engine.close();
    const second = await mallory.secondDevice(core);
    await handOut(core, second, { leafKey });
    await second.engine.close();
    const phone = await bert.secondDevice(core);
    await bert.start();
    await anna.start();
    try {
      await phone.sees(chatId);
      const told = () => [anna, bert].some((person) => codes(person).includes(LocalCode.badKeyPackage));
      await anna.until(told, "the problem");
      await anna.engine.renameChat(chatId, "After");
      await Promise.all([bert, phone].map((device) => device.sees(chatId, ({ title }) => title === "After")));
      await talk(chatId, [anna, bert], "again");
    } finally {
      await phone.close();
    }
  },

  "PEOPLE A1: all refuse a commit that adds a copy of a member's key, and go on without its maker": async (
    { core, join },
  ) => {
    const [anna, bert, carl, mallory, eve] = await joinAll(join, "anna", "bert", "carl", "mallory", "eve");
    const chatId = await replaceableGroup([anna, bert, carl, mallory]);
    const hostile = await takeOver(core, mallory, chatId);
    const twin = await twinOf(eve, keyOf(hostile, anna.username));
    await sendCommit(hostile, chatId, await forgePending(hostile.state, [twin]));
    for (const person of [anna, bert, carl]) {
      await person.until(async () => (await person.notices(chatId)).includes("rejected GRP-6.5"), "the refusal");
    }
    await moved([anna, bert, carl], chatId);
    await talk(chatId, [anna, bert, carl], "again");
    for (const person of [anna, bert, carl]) {
      assert.deepEqual(await names(person, chatId), [anna, bert, carl].map(({ username }) => username).sort());
      assert.ok((await person.notices(chatId)).includes(`removed ${mallory.username}`), "a line says who is out");
    }
    await bert.crash();
    await bert.connected();
    await anna.engine.renameChat(chatId, "After");
    await bert.sees(chatId, ({ title }) => title === "After");
  },

  "PEOPLE A1: all refuse a member's path with another's public key, and go on without its maker": async (
    { core, join },
  ) => {
    const [anna, bert, carl, mallory] = await joinAll(join, "anna", "bert", "carl", "mallory");
    const chatId = await replaceableGroup([anna, bert, carl, mallory]);
    const hostile = await takeOver(core, mallory, chatId);
    const { pending } = await withPathKey(
      0,
      keyOf(hostile, bert.username),
      () => hostile.mls.buildCommit(hostile.state, { nowMs: Date.now() }),
    );
    await sendCommit(hostile, chatId, pending);
    await moved([anna, bert, carl], chatId);
    await talk(chatId, [anna, bert, carl], "again");
    assert.deepEqual(await names(carl, chatId), [anna, bert, carl].map(({ username }) => username).sort());
    await anna.engine.addPeople(chatId, [mallory.username]);
    await carl.sees(chatId, ({ members }) => members.length === 4);
  },

  "PEOPLE A1: a group that an earlier version has damaged is replaced when its admin's device finds it": async (
    { core, join },
  ) => {
    const [anna, bert, mallory] = [await join("anna"), await join("bert"), await join("mallory")];
    const second = await mallory.secondDevice(core);
    const leafKey = random(32);
    const twins = [await twinOf(mallory, leafKey), await twinOf(second, leafKey)];
    await mallory.engine.close();
    await second.engine.close();
    const chatId = await replaceableGroup([anna, bert]);
    await talk(chatId, [anna, bert], "before");
    const hostile = await takeOver(core, anna, chatId);
    const pending = await forgePending(hostile.state, twins);
    await sendCommit(hostile, chatId, pending);
    // As the earlier version of the admin's device has merged it.
    anna.storage = anna.storage.restarted();
    const store = new SealedStore(anna.storage, anna.wrappingKey);
    await store.takeFence();
    const [stored] = (await store.range<ConversationRecord>("groups", chatId)).map(({ value }) => value);
    const members = await store.get<ConversationRecord["members"]>("epochs", keys.members(chatId));
    const malloryKey = toHex(twins[0].credential.accountKey);
    await store.write({
      puts: [
        {
          store: "groups",
          key: chatId,
          value: {
            ...stored,
            epoch: Number(pending.n),
            commits: [...stored.commits, { n: Number(pending.n), commitId: toHex(pending.commitId) }],
          },
          context: { channelId: stored.channelId },
        },
        {
          store: "epochs",
          key: keys.members(chatId),
          value: [...members!, { username: mallory.username, accountKey: malloryKey, role: "member" }],
          context: { channelId: stored.channelId },
        },
        {
          store: "epochs",
          key: chatId,
          value: hostile.mls.encodeEpochRecord(pending.newState),
          context: { channelId: stored.channelId },
        },
      ],
      deletes: (await store.range("ratchets", `${chatId}/`)).map(({ key }) => ({ store: "ratchets" as const, key })),
    });
    anna.storage = anna.storage.restarted();
    await anna.start();
    await moved([anna, bert], chatId);
    await talk(chatId, [anna, bert], "again");
    assert.deepEqual(await names(bert, chatId), [anna, bert].map(({ username }) => username).sort());
    assert.ok((await anna.notices(chatId)).some((notice) => notice.endsWith("damaged-keys")));
  },
});
