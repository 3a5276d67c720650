import assert from "node:assert/strict";
import { fromHex, toHex } from "../../schema/bytes.ts";
import type { ChatSummary } from "../api/engine_api.ts";
import { none, sendDeviceMessage } from "../sync/device_messages/device_messages.ts";
import { deviceOf } from "../testing/forged_group.ts";
import { type Hostile, random, takeOver } from "../testing/hostile_member.ts";
import { type Person, suite, type World } from "../testing/person.ts";
import { forgeReplacement, moved, recordOf, replaceableGroup } from "../testing/replacement.ts";

/** Smaller than every channelId that a device chooses, so it wins (GRP-5.4). */
const winning = () => {
  const channelId = random(32);
  channelId.fill(0, 0, 8);
  return channelId;
};

/**
 * Anna, bert and zoe are admins. The core loses a commit, and anna's device makes a replacement, into which all but zoe
 * go; zoe's has seen nothing of it.
 */
async function crossing({ core, join }: World, others: string[] = []) {
  const [anna, bert, zoe] = [await join("anna"), await join("bert"), await join("zoe")];
  const rest = await Promise.all(others.map((name) => join(name)));
  const chatId = await replaceableGroup([anna, bert, zoe, ...rest]);
  for (const admin of [bert, zoe]) await anna.engine.setRole(chatId, admin.username, "admin");
  const haveThreeAdmins = (person: Person) =>
    person.sees(chatId, ({ members }) => members.filter(({ role }) => role === "admin").length === 3);
  await Promise.all([bert, zoe, ...rest].map(haveThreeAdmins));
  const copy = await core.backup();
  zoe.online = false;
  zoe.disconnect();
  await anna.connected();
  await anna.engine.renameChat(chatId, "Lost by the core");
  await Promise.all([bert, ...rest].map((person) => person.sees(chatId, ({ title }) => title === "Lost by the core")));
  // Of two admins both would make one.
  bert.online = false;
  bert.disconnect();
  await core.restore(copy);
  await moved([anna, ...rest], chatId);
  bert.online = true;
  void bert.engine.wake();
  await moved([bert], chatId);
  const loses = (await recordOf(anna, chatId)).channelId;
  /** Zoe's replacement of the first channel, which wins, and in which these are. */
  const cross = async (people: Person[], uninvited: Person[] = []) => {
    const hostile = await takeOver(core, zoe, chatId);
    const channelId = winning();
    await forgeReplacement(chatId, hostile, [zoe, ...people, ...uninvited], {}, channelId);
    await moved(people, chatId, 2);
    for (const person of people) assert.deepEqual((await recordOf(person, chatId)).channelId, channelId);
    return channelId;
  };
  return { anna, bert, rest, chatId, loses, cross };
}

suite("devices in a replacement that loses against a crossing one", {
  "who was added there comes along, and what was said there is said again": async (world) => {
    const { anna, bert, chatId, cross } = await crossing(world);
    const dora = await world.join("dora");
    await anna.engine.addPeople(chatId, [dora.username]);
    const own = (await dora.until(async () => (await dora.engine.chats())[0], "the chat")).chatId;
    await dora.engine.acceptInvitation(own);
    await dora.says(own, "dora is here");
    await Promise.all([anna, bert].map((person) => person.hears(chatId, dora.username, ["dora is here"])));
    const channelId = await cross([anna, bert]);
    await dora.until(async () => toHex((await recordOf(dora, own)).channelId) === toHex(channelId), "her move");
    assert.equal((await dora.engine.chats()).length, 1);
    await bert.says(chatId, "welcome back");
    await dora.hears(own, bert.username, ["welcome back"]);
  },

  "who was added there comes along while the device that had added is away": async (world) => {
    const { anna, bert, rest: [carl], chatId, cross } = await crossing(world, ["carl"]);
    const dora = await world.join("dora");
    await carl.engine.addPeople(chatId, [dora.username]);
    const own = (await dora.until(async () => (await dora.engine.chats())[0], "the chat")).chatId;
    await Promise.all([anna, bert].map((person) => person.sees(chatId, ({ members }) => members.length === 5)));
    carl.online = false;
    carl.disconnect();
    const channelId = await cross([anna, bert]);
    await dora.until(async () => toHex((await recordOf(dora, own)).channelId) === toHex(channelId), "her move");
  },

  "who is out of the winning one is told so, and what is written waits until somebody adds the account": async (
    world,
  ) => {
    const { anna, bert, rest: [carl], chatId, loses, cross } = await crossing(world, ["carl"]);
    const channelId = await cross([anna, bert]);
    await carl.says(chatId, "is anybody there?");
    await carl.until(
      async () => (await carl.notices(chatId)).some((notice) => notice.startsWith("left-behind")),
      "the word of an admin",
    );
    assert.deepEqual((await recordOf(carl, chatId)).channelId, loses);
    await carl.says(chatId, "I wait");
    await anna.engine.addPeople(chatId, [carl.username]);
    await carl.until(async () => toHex((await recordOf(carl, chatId)).channelId) === toHex(channelId), "his move");
    assert.equal((await carl.engine.chats()).length, 1);
    await anna.says(chatId, "there you are");
    await carl.hears(chatId, anna.username, ["there you are"]);
    for (const person of [anna, bert]) {
      await person.until(
        async () => (await person.texts(chatId, carl.username)).length === 2,
        "what he said while nobody read it",
      );
    }
    assert.deepEqual((await carl.notices(chatId)).filter((notice) => notice.startsWith("rejected")), []);
  },

  "a member of the winning one that never got into it is told when it speaks long after, and is put back": async (
    world,
  ) => {
    const { core } = world;
    const { anna, bert, rest: [carl], chatId, cross } = await crossing(world, ["carl"]);
    core.hostile.uninvited.add(toHex(await carl.recipientKey()));
    const channelId = await cross([anna, bert], [carl]);
    core.hostile.uninvited.clear();
    core.time.pass(20 * 60_000);
    await carl.says(chatId, "is anybody there?");
    await carl.until(async () => toHex((await recordOf(carl, chatId)).channelId) === toHex(channelId), "his move");
    for (const person of [anna, bert]) await person.hears(chatId, carl.username, ["is anybody there?"]);
  },

  "a member's word that the group has gone changes nothing, and an admin's ends when somebody is heard": async (
    { core, join },
  ) => {
    const [anna, bert, carl, mallory] = [await join("anna"), await join("bert"), await join("carl"), await join("mal")];
    const chatId = await replaceableGroup([anna, bert, carl, mallory]);
    const says = async (person: Person, rpc: Hostile["rpc"]) => {
      const { device } = await deviceOf(person, rpc, []);
      return await sendDeviceMessage({ rpc, account: device } as never, fromHex(chatId), await bert.recipientKey(), {
        kind: "gone",
        n: 1,
        commitId: none,
        channelId: random(32),
      });
    };
    const hostile = await takeOver(core, mallory, chatId);
    assert.ok(await says(mallory, hostile.rpc));
    await carl.says(chatId, "after the lie");
    await bert.hears(chatId, carl.username, ["after the lie"]);
    await bert.says(chatId, "I am here");
    await carl.hears(chatId, bert.username, ["I am here"]);
    assert.equal((await bert.notices(chatId)).length, 1);

    const { rpc } = await takeOver(core, anna, chatId);
    assert.ok(await says(anna, rpc));
    await bert.until(
      async () => (await bert.notices(chatId)).includes(`left-behind ${anna.username}`),
      "an admin's word",
    );
    await bert.says(chatId, "is anybody here?");
    await carl.says(chatId, "I am");
    await carl.hears(chatId, bert.username, ["I am here", "is anybody here?"]);
  },
});

suite("a device that has not seen who became an admin", {
  "is brought back into its old conversation by an admin that it knows, who has followed": async ({ core, join }) => {
    const [anna, bert, zoe, dora] = [await join("anna"), await join("bert"), await join("zoe"), await join("dora")];
    const chatId = await replaceableGroup([anna, bert, zoe, dora]);
    await dora.engine.leaveChat(chatId);
    await dora.sees(chatId, ({ active }) => !active);
    await anna.engine.setRole(chatId, zoe.username, "admin");
    const isAdmin = ({ members }: ChatSummary) => members.filter(({ role }) => role === "admin").length === 2;
    await Promise.all([bert, zoe].map((person) => person.sees(chatId, isAdmin)));
    await forgeReplacement(chatId, await takeOver(core, zoe, chatId), [zoe, anna, bert]);
    await moved([anna, bert], chatId);
    await anna.engine.addPeople(chatId, [dora.username]);
    await dora.sees(chatId, ({ active }) => active);
    await bert.says(chatId, "welcome back");
    await dora.hears(chatId, bert.username, ["welcome back"]);
    assert.equal((await dora.engine.chats()).length, 1);
  },

  "is not brought there by a member who claims to have followed": async ({ core, join }) => {
    const [anna, bert, mallory] = [await join("anna"), await join("bert"), await join("mallory")];
    const chatId = await replaceableGroup([anna, bert, mallory]);
    await bert.engine.leaveChat(chatId);
    await bert.sees(chatId, ({ active }) => !active);
    const channelId = random(32);
    const hostile = await takeOver(core, mallory, chatId);
    await forgeReplacement(chatId, hostile, [mallory, bert], {}, channelId, {}, [fromHex(chatId)]);
    await bert.sees(toHex(channelId));
    assert.equal((await bert.chat(chatId))!.active, false);
  },
});
