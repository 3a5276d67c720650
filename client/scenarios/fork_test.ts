import assert from "node:assert/strict";
import { SealedStore } from "../storage/sealed_store.ts";
import { commitHistory, lastSharedEpoch } from "../sync/reinit/fork_point.ts";
import type { ConversationRecord } from "../sync/conversation/records.ts";
import { recordOf } from "../testing/replacement.ts";
import { joinAll } from "../testing/join_all.ts";
import { type Person, suite, type World } from "../testing/person.ts";
import { lose } from "../testing/lost_records.ts";

/**
 * Anna and bert see a commit that the core then loses, and make the replacement; its Welcome is kept from those
 * who go on in the old channel.
 */
async function part({ core, join }: World, others: string[]) {
  const [anna, bert] = [await join("anna"), await join("bert")];
  const rest = await Promise.all(others.map((name) => join(name)));
  const [carl] = rest;
  const chatId = await anna.engine.startChat([bert, ...rest].map(({ username }) => username), "The Long Walk");
  await Promise.all([bert, ...rest].map((person) => person.sees(chatId)));
  await anna.engine.setRole(chatId, carl.username, "admin");
  await Promise.all(
    [bert, ...rest].map((person) =>
      person.sees(chatId, ({ members }) => members.filter(({ role }) => role === "admin").length === 2)
    ),
  );
  const copy = await core.backup();
  for (const person of rest) {
    person.online = false;
    person.disconnect();
  }
  await anna.connected();
  await anna.engine.renameChat(chatId, "Seen by two");
  await bert.sees(chatId, ({ title }) => title === "Seen by two");
  await core.restore(copy);
  const releases = await Promise.all(rest.map(async (person) => core.delayWelcomes(await person.recipientKey())));
  await Promise.all([anna, bert].map((person) => person.moved(chatId)));
  const { channelId } =
    (await new SealedStore(anna.storage.restarted(), anna.wrappingKey).get<ConversationRecord>("groups", chatId))!;
  /** The Welcome of one of the others comes, and it moves. */
  const release = async (person: Person) => {
    await person.until(() => releases[rest.indexOf(person)](channelId), "the Welcome");
    await person.moved(chatId);
  };
  return { anna, bert, rest, chatId, release };
}

suite("a group that a restored core parts", {
  "GRP-5.1: members who went on in a restored core's channel join the replacement, and resend": async (
    { core, join },
  ) => {
    const [anna, bert, carl, dora] = await joinAll(join, "anna", "bert", "carl", "dora");
    const chatId = await anna.engine.startChat([bert, carl, dora].map(({ username }) => username), "The Long Walk");
    await Promise.all([bert, carl, dora].map((person) => person.sees(chatId)));
    await anna.engine.setRole(chatId, carl.username, "admin");
    await Promise.all(
      [bert, carl, dora].map((person) =>
        person.sees(chatId, ({ members }) => members.filter(({ role }) => role === "admin").length === 2)
      ),
    );
    await carl.says(chatId, "before the backup");
    await Promise.all([anna, bert, dora].map((person) => person.hears(chatId, carl.username, ["before the backup"])));
    const copy = await core.backup();
    const away = (person: Person, online: boolean) => {
      person.online = online;
      if (!online) person.disconnect();
    };
    for (const person of [carl, dora]) away(person, false);
    await anna.connected();
    await anna.engine.renameChat(chatId, "Seen by two");
    await bert.sees(chatId, ({ title }) => title === "Seen by two");
    for (const person of [carl, dora]) away(person, true);
    await core.restore(copy);
    const releases = await Promise.all(
      [carl, dora].map(async (person) => core.delayWelcomes(await person.recipientKey())),
    );
    await Promise.all([anna, bert].map((person) => person.moved(chatId)));
    await carl.says(chatId, "in the old epoch");
    await carl.settled(chatId);
    for (const title of ["Meanwhile", "Meanwhile, further"]) {
      await carl.engine.renameChat(chatId, title);
      await dora.sees(chatId, (chat) => chat.title === title);
    }
    await carl.says(chatId, "in the new one");
    await dora.hears(chatId, carl.username, ["before the backup", "in the old epoch", "in the new one"]);
    const { channelId } =
      (await new SealedStore(anna.storage.restarted(), anna.wrappingKey).get<ConversationRecord>("groups", chatId))!;
    // What is to be sent again outlives a crash.
    let refused = 0;
    carl.refuses = (method) => method === "publish" && ++refused > 0;
    for (const [index, person] of [carl, dora].entries()) {
      await person.until(() => releases[index](channelId), "the Welcome");
      await person.moved(chatId);
      assert.deepEqual((await person.notices(chatId)).filter((notice) => /^(rejected|unreadable)/.test(notice)), []);
    }
    await carl.until(() => refused > 0, "a first try");
    await carl.crash();
    carl.refuses = () => false;
    await carl.connected();
    await carl.says(chatId, "here");
    for (const person of [anna, bert, dora]) {
      await person.hears(chatId, carl.username, ["before the backup", "in the old epoch", "in the new one", "here"]);
    }
    assert.deepEqual(await carl.texts(chatId), ["before the backup", "in the old epoch", "in the new one", "here"]);
    for (const person of [carl, dora]) {
      assert.ok((await person.notices(chatId)).includes("renamed Seen by two"), "what the move changed is shown");
      assert.equal((await person.chat(chatId))!.title, "Seen by two");
    }
  },

  "messages after a removal on the moving side are resent once that person is removed again": async (world) => {
    const { anna, bert, rest: [carl, dora, eve], chatId, release } = await part(world, ["carl", "dora", "eve"]);
    for (const person of [carl, dora]) person.online = true;
    await carl.connected();
    await carl.engine.removePerson(chatId, eve.username);
    await dora.sees(chatId, ({ members }) => members.length === 4);
    await carl.says(chatId, "about eve");
    await dora.hears(chatId, carl.username, ["about eve"]);
    // Nothing of it goes to the group before eve is gone, across a crash of the device too.
    let commits = 0;
    carl.refuses = (method) => method === "commit" && ++commits > 0;
    await release(carl);
    assert.ok(
      (await carl.chat(chatId))!.members.some(({ username }) => username === eve.username),
      "the move undid the removal",
    );
    await carl.until(() => commits > 0, "a first try to remove");
    await carl.says(chatId, "to all");
    for (const person of [anna, bert]) {
      await person.until(async () => (await person.texts(chatId, carl.username)).includes("to all"), "his next words");
    }
    await carl.crash();
    carl.refuses = () => false;
    await release(dora);
    for (const person of [anna, bert]) {
      await person.until(
        async () => (await person.notices(chatId)).at(-1) === `removed ${carl.username} ${eve.username}`,
        "her removal",
      );
      await person.until(
        async () => (await person.texts(chatId, carl.username)).length === 2,
        "what was said about eve",
      );
      assert.deepEqual((await person.texts(chatId, carl.username)).sort(), ["about eve", "to all"]);
    }
    eve.online = true;
    await eve.until(async () => (await eve.chat(chatId))?.active === false, "her end there");
    assert.deepEqual((await eve.texts(chatId, carl.username)).filter((text) => text === "about eve"), []);
    assert.deepEqual((await carl.texts(chatId, carl.username)).sort(), ["about eve", "to all"]);
  },

  "a person added on the moving side comes along, with the messages since, and reads nothing of before": async (
    world,
  ) => {
    const { anna, bert, rest: [carl, dora], chatId, release } = await part(world, ["carl", "dora"]);
    const eve = await world.join("eve");
    for (const person of [carl, dora]) person.online = true;
    await carl.connected();
    await carl.says(chatId, "before eve");
    await carl.settled(chatId);
    // She does not know carl: it is an invitation, which she takes by answering.
    await carl.engine.addPeople(chatId, [eve.username]);
    await Promise.all([dora, eve].map((person) => person.sees(chatId, ({ members }) => members.length === 5)));
    await eve.says(chatId, "eve is here");
    await carl.says(chatId, "with eve");
    await Promise.all([carl, dora].map((person) => person.hears(chatId, eve.username, ["eve is here"])));
    await eve.hears(chatId, carl.username, ["with eve"]);
    await release(carl);
    await release(dora);
    await eve.moved(chatId);
    for (const person of [anna, bert]) {
      await person.hears(chatId, eve.username, ["eve is here"]);
      await person.until(
        async () => (await person.texts(chatId, carl.username)).includes("with eve"),
        "what was said with her",
      );
      assert.deepEqual((await person.notices(chatId)).slice(-1), [`added ${carl.username} ${eve.username}`]);
    }
    await anna.says(chatId, "together");
    for (const person of [bert, carl, dora, eve]) await person.hears(chatId, anna.username, ["together"]);
    assert.deepEqual(await eve.texts(chatId, carl.username), ["with eve"]);
    assert.deepEqual((await eve.notices(chatId)).filter((notice) => /^(rejected|unreadable)/.test(notice)), []);
  },

  "GRP-5.2: a device that does not know the maker as an admin asks an admin whom both sides know": async (
    { core, join },
  ) => {
    const [anna, bert, carl, dora] = await joinAll(join, "anna", "bert", "carl", "dora");
    const chatId = await anna.engine.startChat([bert, carl, dora].map(({ username }) => username), "The Long Walk");
    await Promise.all([bert, carl, dora].map((person) => person.sees(chatId)));
    const copy = await core.backup();
    const away = (person: Person) => {
      person.online = false;
      person.disconnect();
    };
    for (const person of [carl, dora]) away(person);
    await anna.connected();
    await anna.engine.setRole(chatId, bert.username, "admin");
    await bert.sees(chatId, ({ members }) => members.filter(({ role }) => role === "admin").length === 2);
    away(anna);
    await core.restore(copy);
    for (const person of [carl, dora]) person.online = true;
    await bert.moved(chatId);
    await carl.until(async () => (await carl.notices(chatId)).includes("rejected GRP-5.2"), "the refusal");
    await carl.says(chatId, "in the old channel");
    await bert.says(chatId, "in bert's");
    await Promise.all([bert.settled(chatId), dora.hears(chatId, carl.username, ["in the old channel"])]);
    anna.online = true;
    for (const person of [carl, dora]) await person.moved(chatId);
    for (const person of [anna, bert, dora]) await person.hears(chatId, carl.username, ["in the old channel"]);
    for (const person of [anna, carl, dora]) await person.hears(chatId, bert.username, ["in bert's"]);
    await dora.says(chatId, "together");
    for (const person of [anna, bert, carl]) await person.hears(chatId, dora.username, ["together"]);
    const channels = await Promise.all(
      [anna, bert, carl, dora].map(async (person) =>
        (await new SealedStore(person.storage.restarted(), person.wrappingKey).get<ConversationRecord>(
          "groups",
          chatId,
        ))!
          .channelId
      ),
    );
    for (const channel of channels) assert.deepEqual(channel, channels[0]);
  },

  "what was said again in a replacement is said once more when that channel, too, is lost": async (world) => {
    const { anna, bert, rest: [carl], chatId, release } = await part(world, ["carl"]);
    carl.online = true;
    await carl.connected();
    const copy = await world.core.backup();
    await carl.connected();
    await carl.says(chatId, "in the old channel");
    await carl.settled(chatId);
    await release(carl);
    for (const person of [anna, bert]) await person.hears(chatId, carl.username, ["in the old channel"]);
    bert.online = false;
    bert.disconnect();
    await carl.says(chatId, "in the replacement");
    await carl.settled(chatId);
    // The core has never heard of the replacement's second half any more.
    await world.core.restore(copy);
    bert.online = true;
    for (const person of [anna, bert]) {
      await person.hears(chatId, carl.username, ["in the old channel", "in the replacement"]);
    }
  },

  "in a replacement channel a device with a lost state is re-added, and a removed person is taken back": async (
    { core, join },
  ) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const chatId = await anna.engine.startChat([bert.username, carl.username], "The Long Walk");
    await Promise.all([bert, carl].map((person) => person.sees(chatId)));
    const copy = await core.backup();
    await Promise.all([anna, bert, carl].map((person) => person.connected()));
    await anna.engine.renameChat(chatId, "Lost by the core");
    await Promise.all([bert, carl].map((person) => person.sees(chatId, ({ title }) => title === "Lost by the core")));
    await core.restore(copy);
    await Promise.all([anna, bert, carl].map((person) => person.connected()));
    await Promise.all([anna, bert, carl].map((person) => person.moved(chatId)));
    const { replaced } = await recordOf(bert, chatId);
    assert.ok(replaced);
    await lose(bert, "epochs", chatId);
    await bert.start();
    await bert.until(
      async () => (await bert.notices(chatId)).some((notice) => notice.startsWith("rejoined")),
      "being re-added",
    );
    // By that time it judges crossing replacements as the others do (GRP-5.4).
    assert.deepEqual((await recordOf(bert, chatId)).replaced, replaced);
    await anna.engine.removePerson(chatId, carl.username);
    await carl.sees(chatId, ({ active }) => !active);
    await anna.engine.addPeople(chatId, [carl.username]);
    await carl.sees(chatId, ({ active }) => active);
    for (const person of [bert, carl]) {
      await person.says(chatId, `${person.username} is here`);
      await anna.hears(chatId, person.username, [`${person.username} is here`]);
      assert.deepEqual((await person.notices(chatId)).filter((notice) => notice.startsWith("rejected")), []);
    }
  },
});

Deno.test("lastSharedEpoch() is the last epoch that both have been in, or unknown", () => {
  const commits = (...made: [number, string][]) => made.map(([n, byte]) => ({ n, commitId: byte.repeat(16) }));
  const own = commits([1, "01"], [2, "02"], [3, "0a"], [4, "0b"]);
  assert.equal(lastSharedEpoch(commitHistory(commits([1, "01"], [2, "02"], [3, "03"])), own), 2);
  assert.equal(lastSharedEpoch(commitHistory(commits([3, "03"])), own), undefined);
  assert.equal(lastSharedEpoch(undefined, own), undefined);
  // One that came in with epoch 6 of its side was not there when the two parted.
  assert.equal(
    lastSharedEpoch(commitHistory(commits([4, "04"], [5, "05"], [6, "06"])), commits([6, "0c"], [7, "0d"])),
    5,
  );
  assert.equal(lastSharedEpoch(commitHistory(commits([6, "06"], [7, "07"])), commits([6, "0c"], [7, "0d"])), undefined);
});
