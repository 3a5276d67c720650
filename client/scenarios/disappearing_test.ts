import assert from "node:assert/strict";
import { toHex } from "../../schema/bytes.ts";
import type { MessageItem } from "../api/engine_api.ts";
import type { MimiContent } from "../content/mimi_content.ts";
import { ContentSender } from "../testing/content_sender.ts";
import { arrived, stored, write } from "../testing/message_kinds.ts";
import { type Person, suite, type World } from "../testing/person.ts";

const newId = () => toHex(crypto.getRandomValues(new Uint8Array(16)));
const hourMs = 3_600_000;

async function messages(person: Person, chatId: string): Promise<MessageItem[]> {
  return (await person.items(chatId)).filter((item) => item.kind === "message");
}

/** Two people whose messages disappear after an hour. */
async function twoPeople({ join }: World): Promise<{ anna: Person; bert: Person; chatId: string }> {
  const [anna, bert] = [await join("anna"), await join("bert")];
  const chatId = await anna.engine.startChat([bert.username]);
  await bert.sees(chatId);
  await bert.engine.acceptInvitation(chatId);
  await bert.engine.setTimer(chatId, hourMs);
  for (const person of [anna, bert]) await person.sees(chatId, ({ timerMs }) => timerMs === hourMs);
  return { anna, bert, chatId };
}

/** The time goes on, and the devices hear of it from the server. */
async function later(core: World["core"], spanMs: number, ...people: Person[]): Promise<void> {
  core.time.pass(spanMs);
  for (const person of people) person.disconnect();
  for (const person of people) await person.connected();
}

const gone = (person: Person, chatId: string, text: string) =>
  person.until(async () => !(await person.texts(chatId)).includes(text), `"${text}" to go`);

suite("messages that disappear", {
  "CONVERSATIONS: a timer is a line on both sides; a message runs from its sending, and there from its reading": async (
    world,
  ) => {
    const { anna, bert, chatId } = await twoPeople(world);
    for (const person of [anna, bert]) {
      assert.ok((await person.notices(chatId)).includes(`timer-set ${bert.username} ${hourMs}`));
    }
    await anna.says(chatId, "a secret");
    await bert.hears(chatId, anna.username, ["a secret"]);
    await anna.settled(chatId);
    const [own] = await messages(anna, chatId);
    assert.equal(own.timerMs, hourMs);
    assert.ok(Math.abs(own.expiresMs! - world.core.time.now() - hourMs) < 60_000);
    assert.equal((await messages(bert, chatId))[0].expiresMs, undefined, "nobody has read it here");
    await later(world.core, 2 * hourMs, anna, bert);
    await gone(anna, chatId, "a secret");
    assert.equal((await anna.chat(chatId))!.lastMessage, undefined);
    assert.deepEqual(await bert.texts(chatId), ["a secret"]);
    await bert.readsAll(chatId);
    await bert.sees(chatId, ({ unread }) => unread === 0);
    await later(world.core, hourMs / 2, bert);
    assert.deepEqual(await bert.texts(chatId), ["a secret"]);
    await bert.crash();
    await bert.connected();
    await later(world.core, hourMs, bert);
    await gone(bert, chatId, "a secret");
    assert.equal((await bert.chat(chatId))!.lastMessage, undefined);
    assert.deepEqual(bert.problems, []);
  },

  "CONVERSATIONS: nothing of what has disappeared is left: text, edits, quotes, preview, search, own second device":
    async (world) => {
      const { anna, bert, chatId } = await twoPeople(world);
      const phone = await bert.secondDevice(world.core);
      try {
        await phone.sees(chatId);
        await bert.says(chatId, "a secret");
        await anna.hears(chatId, bert.username, ["a secret"]);
        await phone.hears(chatId, bert.username, ["a secret"]);
        await bert.settled(chatId);
        await bert.engine.editMessage(chatId, (await messages(bert, chatId))[0], "another secret");
        for (const person of [anna, phone]) {
          await person.until(async () => (await person.texts(chatId)).includes("another secret"), "the edit");
        }
        await anna.readsAll(chatId);
        await anna.engine.setTimer(chatId, undefined);
        for (const person of [anna, bert, phone]) await person.sees(chatId, ({ timerMs }) => timerMs === undefined);
        await anna.engine.send(chatId, newId(), "an answer", { replyTo: (await messages(anna, chatId))[0] });
        for (const person of [anna, bert, phone]) await person.hears(chatId, anna.username, ["an answer"]);
        assert.match(await stored(bert), /another secret/);
        phone.online = false;
        phone.disconnect();
        await later(world.core, 2 * hourMs, anna, bert);
        phone.online = true;
        await phone.connected();
        for (const person of [anna, bert, phone]) {
          await gone(person, chatId, "another secret");
          assert.deepEqual(await person.texts(chatId), ["an answer"]);
          assert.doesNotMatch(await stored(person), /secret/, person.username);
          assert.equal((await person.chat(chatId))!.lastMessage!.text, "an answer");
          assert.ok(person.events.some((event) => event.kind === "erased"), "views and search are told");
        }
        const [{ replyTo }] = await messages(bert, chatId);
        assert.ok(replyTo, "a quote that finds nothing");
      } finally {
        await phone.close();
      }
    },

  "CONVERSATIONS: a device that was offline past the end erases what it had when it is back, and what came meanwhile":
    async (world) => {
      const { anna, bert, chatId } = await twoPeople(world);
      await anna.says(chatId, "one");
      await bert.hears(chatId, anna.username, ["one"]);
      await bert.readsAll(chatId);
      await bert.sees(chatId, ({ unread }) => unread === 0);
      bert.online = false;
      bert.disconnect();
      await anna.says(chatId, "two");
      await anna.settled(chatId);
      await later(world.core, 24 * hourMs, anna);
      await gone(anna, chatId, "two");
      await bert.crash();
      bert.online = true;
      await bert.connected();
      await gone(bert, chatId, "one");
      await bert.hears(chatId, anna.username, ["two"]);
      await later(world.core, 29 * 24 * hourMs, bert);
      await bert.until(async () => (await messages(bert, chatId))[0].expiresMs, "its time to begin, read or not");
      await later(world.core, 2 * hourMs, bert);
      await gone(bert, chatId, "two");
      assert.equal((await bert.chat(chatId))!.unread, 0);
    },

  "CONVERSATIONS: a clock that is set ahead by a year erases nothing, offline or not": async ({ core, join }) => {
    let aheadMs = 0;
    const [anna, bert] = [await join("anna", { now: () => core.time.now() + aheadMs }), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username]);
    await bert.sees(chatId);
    await bert.engine.acceptInvitation(chatId);
    await anna.engine.setTimer(chatId, hourMs);
    await anna.says(chatId, "kept");
    await anna.settled(chatId);
    anna.online = false;
    anna.disconnect();
    aheadMs = 365 * 24 * hourMs;
    await anna.crash();
    assert.deepEqual(await anna.texts(chatId), ["kept"]);
    anna.online = true;
    await anna.connected();
    await anna.until(() => JSON.stringify(anna.problems).includes("L013"), "the time of the server");
    assert.deepEqual(await anna.texts(chatId), ["kept"]);
    aheadMs = 0;
    await later(core, 2 * hourMs, anna);
    await gone(anna, chatId, "kept");
  },

  "CONVERSATIONS: a clock that is set back by a year, and right again later, erases nothing early": async (
    { core, join },
  ) => {
    let behindMs = 0;
    const [anna, bert] = [await join("anna", { now: () => core.time.now() - behindMs }), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username]);
    await bert.sees(chatId);
    await bert.engine.acceptInvitation(chatId);
    await anna.engine.setTimer(chatId, hourMs);
    await bert.sees(chatId, ({ timerMs }) => timerMs === hourMs);
    await anna.says(chatId, "sent before");
    await bert.says(chatId, "read meanwhile");
    await anna.settled(chatId);
    await anna.hears(chatId, bert.username, ["read meanwhile"]);
    const isThere = async () => assert.deepEqual((await anna.texts(chatId)).sort(), ["read meanwhile", "sent before"]);
    anna.online = false;
    anna.disconnect();
    behindMs = 365 * 24 * hourMs;
    await anna.crash();
    await anna.readsAll(chatId);
    const endOf = async (text: string) => (await messages(anna, chatId)).find((item) => item.text === text)!.expiresMs;
    await anna.until(async () => await endOf("read meanwhile") !== undefined, "its time to begin");
    await anna.crash();
    await isThere();
    behindMs = 0;
    await anna.crash();
    await isThere();
    anna.online = true;
    await anna.connected();
    const latest = core.time.now() + hourMs + 60_000;
    await anna.until(async () => (await endOf("read meanwhile") ?? Infinity) < latest, "its end to come nearer");
    await isThere();
    await later(core, hourMs / 2, anna);
    await isThere();
    await later(core, hourMs, anna);
    await gone(anna, chatId, "sent before");
    await gone(anna, chatId, "read meanwhile");
  },

  "CONVERSATIONS: what a member says of its message's end is bounded": async (world) => {
    const { core, join } = world;
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username], "hostile");
    await bert.sees(chatId);
    const sender = await ContentSender.of(core, bert, chatId);
    const send = (text: string, expires: MimiContent["expires"]) =>
      sender.send({ ...write.text(text), expires: expires! });
    await send("at once", { relative: true, time: 0 });
    await send("long ago", { relative: false, time: 1 });
    await send("for ever", { relative: true, time: 2 ** 32 - 1 });
    await send("beyond", { relative: true, time: 2 ** 53 - 1 });
    await arrived(anna, chatId, sender);
    const found = (await messages(anna, chatId)).slice(0, -1);
    assert.deepEqual(found.map(({ text, timerMs }) => [text, timerMs]), [
      ["at once", 30_000],
      ["long ago", 30_000],
      ["for ever", (2 ** 32 - 1) * 1_000],
    ]);
    assert.deepEqual(found.map(({ expiresMs }) => expiresMs !== undefined), [false, true, false]);
    assert.ok((await anna.notices(chatId)).some((notice) => /^rejected .*content/.test(notice)));
    // An edit gives no other end to a message, least of all to one of somebody else.
    await anna.says(chatId, "mine");
    await anna.settled(chatId);
    assert.equal((await messages(anna, chatId)).at(-1)!.timerMs, undefined);
    await anna.readsAll(chatId);
    await later(core, 2 * hourMs, anna);
    await gone(anna, chatId, "at once");
    await gone(anna, chatId, "long ago");
    const left = (await anna.texts(chatId)).filter((text) => text === "for ever" || text === "mine");
    assert.deepEqual(left, ["for ever", "mine"]);
  },
});
