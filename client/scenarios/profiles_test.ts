import assert from "node:assert/strict";
import type { ChatMember } from "../api/engine_api.ts";
import { decodePicture, writeProfile } from "../content/profile.ts";
import { container, ownBody } from "../content/body.ts";
import { profileType } from "../content/profile.ts";
import { ContentSender } from "../testing/content_sender.ts";
import { random } from "../testing/hostile_member.ts";
import { storeOf } from "../testing/message_kinds.ts";
import { type Person, suite, type World } from "../testing/person.ts";
import { somePicture } from "../testing/pictures.ts";
import { personOfPreviousBuild, update } from "../testing/previous_build.ts";

const dayMs = 24 * 3_600_000;

/** What one person sees of another in a chat. */
async function member(person: Person, chatId: string, who: Person): Promise<ChatMember | undefined> {
  return (await person.chat(chatId))?.members.find(({ username }) => username === who.username);
}

async function seesAs(person: Person, chatId: string, who: Person, name: string | undefined): Promise<ChatMember> {
  return await person.until(async () => {
    const found = await member(person, chatId, who);
    return found && found.displayName === name ? found : undefined;
  }, `${who.username} as ${name}`);
}

/** Leaves a profile its time, many times over. */
async function profileTime(person: Person): Promise<void> {
  await person.until(() => false, "a profile's time", 1_500).catch(() => {});
  await person.engine.settled(AbortSignal.timeout(60_000));
}

async function twoPeople({ join }: World): Promise<{ anna: Person; bert: Person; chatId: string }> {
  const [anna, bert] = [await join("anna"), await join("bert")];
  const chatId = await anna.engine.startChat([bert.username]);
  await bert.sees(chatId);
  await bert.engine.acceptInvitation(chatId);
  return { anna, bert, chatId };
}

suite("profiles", {
  "CONVERSATIONS: a name, a line and a picture come to the people of the chats, and stay after a restart": async (
    world,
  ) => {
    const { anna, bert, chatId } = await twoPeople(world);
    await profileTime(anna);
    assert.deepEqual((await member(bert, chatId, anna))!.displayName, undefined);
    const picture = somePicture(150_000);
    await anna.engine.setProfile({ displayName: " Anna Bell ", about: "On the road", picture });
    const shown = await seesAs(bert, chatId, anna, "Anna Bell");
    assert.equal(shown.about, "On the road");
    assert.deepEqual(await bert.engine.picture(shown.pictureId!), picture);
    assert.deepEqual(await anna.engine.picture(shown.pictureId!), picture);
    assert.deepEqual(await anna.engine.profile(), {
      displayName: "Anna Bell",
      about: "On the road",
      pictureId: shown.pictureId,
    });
    assert.deepEqual((await bert.items(chatId)).filter(({ kind }) => kind === "message"), [], "it has no line");
    assert.equal((await bert.chat(chatId))!.unread, 0);
    await bert.crash();
    await anna.crash();
    assert.equal((await member(bert, chatId, anna))!.displayName, "Anna Bell");
    await anna.connected();
    // What is left out stays; what is taken away goes.
    await anna.engine.setProfile({ displayName: "Anna B." });
    assert.equal((await seesAs(bert, chatId, anna, "Anna B.")).pictureId, shown.pictureId);
    await anna.engine.setProfile({ displayName: "", about: "", picture: null });
    const bare = await seesAs(bert, chatId, anna, undefined);
    assert.deepEqual([bare.about, bare.pictureId], [undefined, undefined]);
    await assert.rejects(bert.engine.picture(shown.pictureId!), /L046/);
    assert.deepEqual([anna.problems, bert.problems], [[], []]);
  },

  "CONVERSATIONS: who comes into a group is told who is in it, and tells it": async (world) => {
    const { join } = world;
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    await anna.engine.setProfile({ displayName: "Anna Bell" });
    await carl.engine.setProfile({ displayName: "Carl Clay" });
    const chatId = await anna.engine.startChat([bert.username], "friends");
    await bert.sees(chatId);
    await bert.engine.acceptInvitation(chatId);
    await seesAs(bert, chatId, anna, "Anna Bell");
    await anna.engine.addPeople(chatId, [carl.username]);
    await carl.sees(chatId);
    await seesAs(carl, chatId, anna, "Anna Bell");
    await profileTime(carl);
    assert.equal((await member(anna, chatId, carl))!.displayName, undefined, "not before the invitation is accepted");
    await carl.engine.acceptInvitation(chatId);
    for (const other of [anna, bert]) await seesAs(other, chatId, carl, "Carl Clay");
  },

  "CONVERSATIONS: pictures of an invitation are shown and fetched once it is accepted": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    await anna.engine.setProfile({ displayName: "Anna Bell", picture: somePicture() });
    const { pictureId: ofAnna } = await anna.engine.profile();
    const chatId = await anna.engine.startChat([bert.username], "friends");
    await anna.engine.setGroupPicture(chatId, somePicture());
    const { pictureId: ofGroup } = await anna.sees(chatId, ({ pictureId }) => pictureId !== undefined);
    assert.equal((await seesAs(bert, chatId, anna, "Anna Bell")).pictureId, undefined);
    await profileTime(bert);
    assert.equal((await bert.chat(chatId))!.pictureId, undefined);
    for (const pictureId of [ofAnna!, ofGroup!]) await assert.rejects(bert.engine.picture(pictureId), /L046/);
    await bert.engine.acceptInvitation(chatId);
    assert.equal((await bert.sees(chatId, ({ pictureId }) => pictureId === ofGroup)).invitation, false);
    assert.equal((await member(bert, chatId, anna))!.pictureId, ofAnna);
    for (const pictureId of [ofAnna!, ofGroup!]) assert.ok((await bert.engine.picture(pictureId)).length > 0);
  },

  "CONVERSATIONS: the devices of an account show the same, whichever changed it, and a new one sees the others": async (
    world,
  ) => {
    const { anna, bert, chatId } = await twoPeople(world);
    await bert.engine.setProfile({ displayName: "Bert" });
    const picture = somePicture();
    await anna.engine.setProfile({ displayName: "Anna Bell", picture });
    await seesAs(bert, chatId, anna, "Anna Bell");
    const phone = await anna.secondDevice(world.core);
    try {
      const { chatId: there } = await phone.until(async () => (await phone.engine.chats())[0], "the chat");
      await phone.until(async () => (await phone.engine.profile()).displayName === "Anna Bell", "the own profile");
      await seesAs(phone, there, bert, "Bert");
      assert.deepEqual(await phone.engine.picture((await phone.engine.profile()).pictureId!), picture);
      await phone.engine.setProfile({ about: "With a new phone" });
      await bert.until(async () => (await member(bert, chatId, anna))?.about === "With a new phone", "the change");
      await anna.until(async () => (await anna.engine.profile()).about === "With a new phone", "the own change");
    } finally {
      await phone.close();
    }
  },

  "CONVERSATIONS: nothing is shown of a person who is blocked, and nothing told": async (world) => {
    const { anna, bert, chatId } = await twoPeople(world);
    await anna.engine.setProfile({ displayName: "Anna Bell", picture: somePicture() });
    const { pictureId } = await seesAs(bert, chatId, anna, "Anna Bell");
    await bert.engine.block(anna.username);
    const hidden = await seesAs(bert, chatId, anna, undefined);
    assert.deepEqual([hidden.blocked, hidden.pictureId], [true, undefined]);
    await assert.rejects(bert.engine.picture(pictureId!), /L046/);
    await bert.engine.setProfile({ displayName: "Bert" });
    await profileTime(bert);
    assert.equal((await member(anna, chatId, bert))!.displayName, undefined);
    await bert.engine.unblock(hidden.accountKey);
    await seesAs(bert, chatId, anna, "Anna Bell");
  },

  "CONVERSATIONS: the newest number of a profile counts, and what is no profile changes nothing": async (world) => {
    const { anna, bert, chatId } = await twoPeople(world);
    await anna.engine.setProfile({ displayName: "Anna Bell" });
    await seesAs(bert, chatId, anna, "Anna Bell");
    const { accountKey } = (await member(bert, chatId, anna))!;
    const sender = await ContentSender.of(world.core, anna, chatId);
    const v = Date.now() + dayMs / 2;
    const say = (profile: Parameters<typeof writeProfile>[0]) => sender.send(writeProfile(profile, random(16)));
    await say({ v: 1, name: "Old" });
    await say({ v, name: "New" });
    await say({ v, name: "The same number" });
    await say({ v: v - 1, name: "Lower" });
    await sender.send(container(random(16), ownBody(profileType, random(40))));
    await say({ v: v + 1, name: "Last", about: "x\ny" });
    const last = await seesAs(bert, chatId, anna, "Last");
    assert.deepEqual([last.accountKey, last.about], [accountKey, undefined]);
    const names = bert.events.flatMap((event) => event.kind === "chats" ? event.chats : [])
      .flatMap(({ members }) => members.map(({ displayName }) => displayName));
    for (const name of ["Old", "The same number", "Lower"]) assert.ok(!names.includes(name), name);
    assert.deepEqual((await bert.items(chatId)).filter(({ kind }) => kind === "message"), []);
    assert.ok(!(await bert.notices(chatId)).some((notice) => notice.startsWith("rejected")));
  },

  "CONVERSATIONS: a number far ahead of the time counts as nothing, and freezes no face": async (world) => {
    const { anna, bert, chatId } = await twoPeople(world);
    await anna.engine.setProfile({ displayName: "Anna Bell" });
    await seesAs(bert, chatId, anna, "Anna Bell");
    const thief = await ContentSender.of(world.core, anna, chatId);
    await thief.send(writeProfile({ v: Number.MAX_SAFE_INTEGER, name: "Frozen" }, random(16)));
    await thief.send(writeProfile({ v: Date.now() + 2 * dayMs, name: "Frozen too" }, random(16)));
    await thief.send(writeProfile({ v: Date.now() + dayMs / 2, name: "Anna B." }, random(16)));
    await seesAs(bert, chatId, anna, "Anna B.");
    const names = bert.events.flatMap((event) => event.kind === "chats" ? event.chats : [])
      .flatMap(({ members }) => members.map(({ displayName }) => displayName));
    assert.ok(!names.some((name) => name?.startsWith("Frozen")));
  },

  "CONVERSATIONS: a profile that can not be one is refused before anything is sent": async ({ join }) => {
    const anna = await join("anna");
    for (const displayName of ["a".repeat(65), "two\nlines", "\u202eanna", "\u200b", "Bob (@bob)"]) {
      await assert.rejects(anna.engine.setProfile({ displayName }), /L045/, displayName);
    }
    await assert.rejects(anna.engine.setProfile({ about: "a".repeat(141) }), /L045/);
    await assert.rejects(anna.engine.setProfile({ picture: random(1_000) }), /L046/);
    await assert.rejects(anna.engine.setProfile({ picture: somePicture(200_001) }), /L046/);
    await assert.rejects(anna.engine.setProfile({ picture: somePicture(3_000, 2_000) }), /L046/);
    assert.deepEqual(await anna.engine.profile(), {});
    await assert.rejects(anna.engine.picture("00".repeat(32)), /L046/);
  },

  "CONVERSATIONS: the version before gets no profile, and gets it once it is updated": async ({ core, join }) => {
    const anna = await join("anna");
    const olga = await personOfPreviousBuild(core, "olgaoffaces");
    try {
      await anna.engine.setProfile({ displayName: "Anna Bell" });
      const chatId = await anna.engine.startChat([olga.username], "both");
      await olga.sees(chatId);
      await olga.engine.acceptInvitation(chatId);
      await anna.says(chatId, "hello");
      await olga.hears(chatId, anna.username, ["hello"]);
      await profileTime(anna);
      await anna.says(chatId, "again");
      await olga.hears(chatId, anna.username, ["hello", "again"]);
      await update(olga);
      await seesAs(olga, chatId, anna, "Anna Bell");
    } finally {
      await olga.close();
    }
  },

  "CONVERSATIONS: a picture that its owner keeps up stays, and one that nobody keeps up is gone": async (world) => {
    const { anna, bert, chatId } = await twoPeople(world);
    const picture = somePicture();
    await anna.engine.setProfile({ displayName: "Anna Bell", picture });
    const { pictureId } = await seesAs(bert, chatId, anna, "Anna Bell");
    let put = 0;
    anna.refuses = (method) => (method === "putBlob" && put++, false);
    const { time } = world.core;
    time.pass(15 * dayMs);
    time.pass(6 * dayMs);
    await anna.until(() => {
      time.pass(dayMs / 24);
      return put > 0;
    }, "the picture to be put up again");
    await anna.engine.settled(AbortSignal.timeout(60_000));
    time.pass(14 * dayMs);
    await bert.connected();
    assert.deepEqual(await bert.engine.picture(pictureId!), picture, "35 days old");
    await anna.close();
    const carl = await world.join("carl");
    time.pass(17 * dayMs);
    await carl.connected();
    assert.deepEqual(await bert.engine.picture(pictureId!), picture, "from the device, without the server");
    for (const { name } of await bert.spool.list()) await bert.spool.remove(name);
    await assert.rejects(bert.engine.picture(pictureId!), /E031/);
    assert.equal((await member(bert, chatId, anna))!.displayName, "Anna Bell");
    assert.deepEqual(bert.problems, []);
  },
});

suite("pictures of groups", {
  "CONVERSATIONS: an admin gives a group a picture, all see it and a line, and members keep it up": async (world) => {
    const { anna, bert, chatId } = await twoPeople(world);
    const { core: { time } } = world;
    const group = await anna.engine.startChat([bert.username], "friends");
    await bert.sees(group);
    await bert.engine.acceptInvitation(group);
    const picture = somePicture();
    await assert.rejects(bert.engine.setGroupPicture(group, picture), /L019/);
    await assert.rejects(anna.engine.setGroupPicture(chatId, picture), /L019/, "a chat of two");
    await assert.rejects(anna.engine.setGroupPicture(group, random(500)), /L046/);
    await anna.engine.setGroupPicture(group, picture);
    const { pictureId } = await bert.sees(group, ({ pictureId }) => pictureId !== undefined);
    assert.deepEqual(await bert.engine.picture(pictureId!), picture);
    assert.ok((await bert.notices(group)).includes(`pictured ${anna.username}`));
    await anna.engine.describeChat(group, "what it is about");
    await bert.sees(group, (chat) => chat.description !== undefined && chat.pictureId === pictureId);
    // Its admin is away. A member that has the bytes puts them up again.
    await anna.close();
    let put = 0;
    bert.refuses = (method) => (method === "putBlob" && put++, false);
    time.pass(14 * dayMs);
    time.pass(7 * dayMs);
    // All that a device does by the hour is done at each step, so the steps are few. Its first look is after 30 s.
    const passing = setInterval(() => time.pass(dayMs / 4), 200);
    await bert.until(() => put > 0, "the picture to be put up again", 120_000).finally(() => clearInterval(passing));
    await bert.engine.setProfile({ displayName: "Bert" });
  },

  "CONVERSATIONS: a group's picture is not replaced by a profile that names the same ciphertext": async ({
    core,
    join,
  }) => {
    const [anna, bert, mallory] = [await join("anna"), await join("bert"), await join("mallory")];
    const group = await anna.engine.startChat([bert.username, mallory.username], "friends");
    for (const person of [bert, mallory]) {
      await person.sees(group);
      await person.engine.acceptInvitation(group);
    }
    const picture = somePicture();
    await anna.engine.setGroupPicture(group, picture);
    const { pictureId } = await bert.sees(group, ({ pictureId }) => pictureId !== undefined);
    await mallory.sees(group, ({ pictureId }) => pictureId !== undefined);
    const sender = await ContentSender.of(core, mallory, group);
    const groups = await storeOf(mallory).range<{ data?: { picture?: Uint8Array } }>("groups", "");
    const known = groups.map(({ value }) => decodePicture(value.data?.picture)).find((one) => one !== undefined)!;
    await sender.send(writeProfile({ v: 7, name: "Mallory", picture: { ...known, key: random(32) } }, random(16)));
    const forged = await seesAs(bert, group, mallory, "Mallory");
    assert.notEqual(forged.pictureId, pictureId);
    assert.deepEqual(await bert.engine.picture(pictureId!), picture);
    await assert.rejects(bert.engine.picture(forged.pictureId!), /L039/);
  },

  "CONVERSATIONS: a group's picture is taken away, and a reference that is none shows no picture": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const group = await anna.engine.startChat([bert.username], "friends");
    await bert.sees(group);
    await bert.engine.acceptInvitation(group);
    await anna.engine.setGroupPicture(group, somePicture());
    const { pictureId } = await bert.sees(group, ({ pictureId }) => pictureId !== undefined);
    await anna.engine.setGroupPicture(group, null);
    await bert.sees(group, (chat) => chat.pictureId === undefined);
    await assert.rejects(bert.engine.picture(pictureId!), /L046/);
  },
});
