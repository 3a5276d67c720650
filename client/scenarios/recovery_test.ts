import assert from "node:assert/strict";
import { equalBytes, fromHex, toHex } from "../../schema/bytes.ts";
import { delivery, EntryKind } from "../../schema/rpc/methods.ts";
import { ciphersuite } from "../crypto/provider.ts";
import { SealedStore } from "../storage/sealed_store.ts";
import { random, sendCommit, takeOver } from "../testing/hostile_member.ts";
import { garbageCommit, injectedEntry } from "../testing/injected_entry.ts";
import { joinAll } from "../testing/join_all.ts";
import { outsider } from "../testing/outsider.ts";
import { type Person, suite } from "../testing/person.ts";
import { Wiretap } from "../testing/wiretap.ts";

async function group(people: Person[]): Promise<string> {
  const [creator, ...others] = people;
  const chatId = await creator.engine.startChat(others.map(({ username }) => username), "group");
  await Promise.all(others.map((person) => person.sees(chatId)));
  return chatId;
}

async function hasNotice(person: Person, chatId: string, start: string): Promise<string> {
  return await person.until(
    async () => (await person.notices(chatId)).find((notice) => notice.startsWith(start)),
    `the notice "${start}" in ${JSON.stringify(await person.notices(chatId))}`,
  );
}

/** Deletes records of a device that is not running. */
async function damage(
  person: Person,
  deletes: (store: SealedStore) => Promise<{ store: "epochs" | "keypackages"; key: string }[]>,
): Promise<void> {
  await person.engine.close();
  person.storage = person.storage.restarted();
  const store = new SealedStore(person.storage, person.wrappingKey);
  await store.takeFence();
  await store.write({ deletes: await deletes(store) });
  person.storage = person.storage.restarted();
}

suite("a device that can not follow its group", {
  "GRP-5.5: a member seals the secret of a commit again, and nothing after the commit is missed": async (
    { core, join },
  ) => {
    const [anna, bert, carl, mallory, dora] = await joinAll(join, "anna", "bert", "carl", "mallory", "dora");
    const chatId = await group([anna, bert, carl, mallory]);
    bert.refuses = (method) => method === "enqueue";
    const { rpc, mls, state } = await takeOver(core, mallory, chatId);
    const victim = toHex(await bert.recipientKey());
    const { pending } = await mls.buildCommit(state, { nowMs: Date.now() });
    await sendCommit({ rpc }, chatId, pending, {
      headers: pending.bundle.headers.map((header) =>
        toHex(header.recipientKey) === victim ? { ...header, header: random(1168) } : header
      ),
    });
    await hasNotice(bert, chatId, "unreadable header");
    await carl.says(chatId, "meanwhile");
    await anna.hears(chatId, carl.username, ["meanwhile"]);
    await anna.engine.addPeople(chatId, [dora.username]);
    await anna.says(chatId, "later");
    await carl.hears(chatId, anna.username, ["later"]);
    assert.equal((await bert.chat(chatId))!.active, false);
    // What was kept, and the wish for help, are on disk.
    await bert.crash();
    bert.refuses = () => false;
    await bert.connected();
    await hasNotice(bert, chatId, "healed");
    await bert.hears(chatId, carl.username, ["meanwhile"]);
    await bert.hears(chatId, anna.username, ["later"]);
    const { members, active } = await bert.sees(chatId, (chat) => chat.active);
    assert.deepEqual([members.length, active], [5, true]);
    const notices = await bert.notices(chatId);
    assert.equal(notices.filter((notice) => notice.startsWith("unreadable")).length, 1, "shown once");
    assert.equal(notices.some((notice) => notice.startsWith("rejoined")), false);
    await bert.says(chatId, "with you");
    await dora.hears(chatId, bert.username, ["with you"]);
    const left = await new SealedStore(bert.storage.restarted(), bert.wrappingKey).range("unreadable", `${chatId}/`);
    assert.deepEqual(left, [], "each was tried once more and is gone");
  },

  "GRP-4.5: is re-added after a commit that fails for it alone, by a member that is no admin": async (
    { core, join },
  ) => {
    const [anna, carl, bert, mallory] = await joinAll(join, "anna", "carl", "bert", "mallory");
    const chatId = await group([anna, carl, bert, mallory]);
    await anna.engine.close();
    const { rpc, mls, state } = await takeOver(core, mallory, chatId);
    // The path secret is spoilt for the one leaf that it is sealed to by itself: the committer's sibling.
    const sibling = mls.members(state).find(({ leafIndex }) => leafIndex === (state.ownLeafIndex ^ 1))!;
    const leaf = state.mls.ratchetTree[2 * sibling.leafIndex];
    const honest = ciphersuite.hpke.seal;
    ciphersuite.hpke.seal = async (publicKey, ...rest) => {
      const sealed = await honest(publicKey, ...rest);
      const forSibling = leaf?.nodeType === "leaf" &&
        equalBytes(await ciphersuite.hpke.exportPublicKey(publicKey), leaf.leaf.hpkePublicKey);
      return forSibling ? { ...sealed, ct: random(sealed.ct.length) } : sealed;
    };
    const { pending } = await mls.buildCommit(state, { nowMs: Date.now() }).finally(() =>
      ciphersuite.hpke.seal = honest
    );
    const [victim, other] = sibling.credential.username === bert.username ? [bert, carl] : [carl, bert];
    await sendCommit({ rpc }, chatId, pending);
    await hasNotice(victim, chatId, "rejected mls");
    const notice = await hasNotice(victim, chatId, "rejoined");
    assert.match(notice, new RegExp(`${other.username} ${victim.username}`));
    await hasNotice(other, chatId, `rejoined ${other.username} ${victim.username}`);
    await victim.says(chatId, "back");
    await other.hears(chatId, victim.username, ["back"]);
  },

  "GRP-4.5: is re-added after a commit that only the server made up for it": async ({ core, join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await group([anna, bert]);
    const recipientKey = await bert.recipientKey();
    core.inject(recipientKey, [garbageCommit(chatId, 2, 1000)]);
    await hasNotice(bert, chatId, "unreadable header");
    await hasNotice(bert, chatId, "rejoined");
    await bert.says(chatId, "still here");
    await anna.hears(chatId, bert.username, ["still here"]);
    assert.equal((await bert.chat(chatId))!.active, true);
  },

  "GRP-4.5: is re-added when its state of the group is gone, and what waited goes out": async ({ join }) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const chatId = await group([anna, bert, carl]);
    await anna.says(chatId, "before");
    await bert.hears(chatId, anna.username, ["before"]);
    await damage(bert, () => Promise.resolve([{ store: "epochs", key: chatId }]));
    await bert.start();
    await bert.connected();
    await hasNotice(bert, chatId, "unreadable state-lost");
    await hasNotice(bert, chatId, "rejoined");
    assert.deepEqual(await bert.texts(chatId), ["before"], "the history stays");
    await bert.says(chatId, "and I");
    await Promise.all([anna, carl].map((person) => person.hears(chatId, bert.username, ["and I"])));
    assert.equal(
      (await anna.notices(chatId)).filter((notice) => notice.startsWith("rejoined")).length,
      1,
      "once, though two were asked",
    );
    await bert.crash();
    await bert.connected();
    await bert.says(chatId, "after a restart");
    await anna.hears(chatId, bert.username, ["and I", "after a restart"]);
    assert.equal(
      (await bert.notices(chatId)).filter((notice) => notice === "unreadable state-lost").length,
      1,
      "what was left of the old state is gone",
    );
  },

  "is told that its change was not made when it loses its state meanwhile, and its next change is": async (
    { core, join },
  ) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await group([anna, bert]);
    anna.refuses = (method) => method === "commit";
    const change = anna.engine.renameChat(chatId, "in vain").then(() => "made", (error) => error.problem.code);
    core.inject(await anna.recipientKey(), [
      injectedEntry(chatId, { kind: EntryKind.OWN_COMMIT, epoch: 2, seq: 3000 }),
    ]);
    await hasNotice(anna, chatId, "rolled-back E017");
    assert.equal(await change, "L010");
    anna.refuses = () => false;
    await hasNotice(anna, chatId, "rejoined");
    await anna.engine.renameChat(chatId, "after all");
    await bert.sees(chatId, ({ title }) => title === "after all");
  },

  "GRP-4.5: is added anew when the KeyPackage of its Welcome is gone": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    await damage(
      bert,
      async (store) =>
        (await store.range("keypackages", "")).map(({ key }) => ({ store: "keypackages" as const, key })),
    );
    const chatId = await anna.engine.startChat([bert.username]);
    await bert.start();
    await bert.sees(chatId);
    await anna.says(chatId, "hello");
    await bert.hears(chatId, anna.username, ["hello"]);
  },

  "E017: a device whose storage went back in time forgets the state and is re-added; its messages arrive": async (
    { core, join },
  ) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const chatId = await group([anna, bert]);
    const past = anna.storage.restarted();
    await anna.engine.addPeople(chatId, [carl.username]);
    await anna.says(chatId, "in epoch two");
    await bert.hears(chatId, anna.username, ["in epoch two"]);
    await anna.engine.close();
    // Long enough for the acknowledgement of epoch two.
    await new Promise((resolve) => setTimeout(resolve, 100));
    const tap = new Wiretap();
    anna.wrapTransport = tap.wrap;
    anna.storage = past;
    await anna.start();
    await anna.connected();
    await anna.says(chatId, "from the past");
    await hasNotice(anna, chatId, "rolled-back E017");
    await hasNotice(anna, chatId, "rejoined");
    await bert.hears(chatId, anna.username, ["in epoch two", "from the past"]);
    await carl.hears(chatId, anna.username, ["in epoch two", "from the past"]);
    // One or two a round, and a round every few seconds: how many depends on the machine, a flood is none of them.
    const requests = tap.of("enqueue").length;
    assert.ok(requests > 0 && requests <= 20, `${requests} requests`);
    const { rpc } = await outsider(core, anna);
    assert.equal((await rpc.call(delivery.channelState, { channelId: fromHex(chatId) })).members.length, 3);
    anna.wrapTransport = (transport) => transport;
  },

  "E017: an own commit that the device has forgotten is a rollback, too": async ({ join }) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const chatId = await group([anna, bert]);
    anna.refuses = (method) => method === "ack";
    const past = anna.storage.restarted();
    await anna.engine.addPeople(chatId, [carl.username]);
    await anna.engine.close();
    anna.storage = past;
    anna.refuses = () => false;
    await anna.start();
    await hasNotice(anna, chatId, "rolled-back E017");
    await hasNotice(anna, chatId, "rejoined");
    await anna.says(chatId, "again");
    await Promise.all([bert, carl].map((person) => person.hears(chatId, anna.username, ["again"])));
  },

  "GRP-5: a commit entry that another made this epoch with is a fork: shown, and the device is re-added": async (
    { core, join },
  ) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const chatId = await group([anna, bert]);
    await anna.engine.addPeople(chatId, [carl.username]);
    await bert.sees(chatId, ({ members }) => members.length === 3);
    core.inject(await bert.recipientKey(), [garbageCommit(chatId, 2, 2000)]);
    await hasNotice(bert, chatId, "rejected fork");
    await hasNotice(bert, chatId, "rejoined");
    await bert.says(chatId, "in step");
    await Promise.all([anna, carl].map((person) => person.hears(chatId, bert.username, ["in step"])));
  },

  "a device that is merely slow is not taken for one that has missed a commit": async ({ join }) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const chatId = await group([anna, bert]);
    bert.online = false;
    await bert.crash();
    await bert.says(chatId, "from afar");
    for (let index = 0; index < 130; index++) await anna.says(chatId, `${index}`);
    await anna.settled(chatId);
    await anna.engine.addPeople(chatId, [carl.username]);
    await bert.engine.close();
    bert.storage = bert.storage.restarted();
    const write = bert.storage.write.bind(bert.storage);
    // Long enough for several looks at what the server says.
    bert.storage.write = async (batch) => {
      if (batch.puts?.some(({ key }) => key === "sync/cursor")) {
        await new Promise((resolve) => setTimeout(resolve, 600));
      }
      return await write(batch);
    };
    bert.online = true;
    await bert.start();
    await anna.hears(chatId, bert.username, ["from afar"]);
    assert.equal((await bert.texts(chatId, anna.username)).length, 130);
    assert.equal((await bert.notices(chatId)).some((notice) => /rejoined|rejected|rolled-back/.test(notice)), false);
  },

  "GRP-7.1: a request to be re-added that is carried out after the device was helped otherwise costs nothing": async (
    { core, join },
  ) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const chatId = await group([anna, bert, carl]);
    await anna.engine.close();
    const { rpc, mls, state } = await takeOver(core, carl, chatId);
    const victim = toHex(await bert.recipientKey());
    const { pending } = await mls.buildCommit(state, { nowMs: Date.now() });
    await sendCommit({ rpc }, chatId, pending, {
      headers: pending.bundle.headers.map((header) =>
        toHex(header.recipientKey) === victim ? { ...header, header: random(1168) } : header
      ),
    });
    const tap = new Wiretap();
    bert.wrapTransport = tap.wrap;
    await bert.crash();
    // Both kinds of request wait for anna.
    await bert.until(() => tap.of("enqueue").length >= 6, "three rounds of asking");
    await anna.start();
    await hasNotice(bert, chatId, "healed");
    await hasNotice(bert, chatId, "rejoined");
    for (const text of ["one", "two"]) await anna.says(chatId, text);
    await bert.hears(chatId, anna.username, ["one", "two"]);
    assert.equal((await bert.notices(chatId)).some((notice) => notice.startsWith("rejected")), false);
    bert.wrapTransport = (transport) => transport;
  },
});
