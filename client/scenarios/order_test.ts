import assert from "node:assert/strict";
import { fromHex, toHex } from "../../schema/bytes.ts";
import type { TimelineItem } from "../api/engine_api.ts";
import { ContentSender } from "../testing/content_sender.ts";
import { knownIds, write } from "../testing/message_kinds.ts";
import { type Person, suite } from "../testing/person.ts";
import { Wiretap } from "../testing/wiretap.ts";

/** A conversation as it looks: who said what. Messages that wait are marked. */
async function looks(person: Person, chatId: string): Promise<string[]> {
  return (await person.items(chatId)).flatMap((item) =>
    item.kind === "message" ? [`${item.sender}: ${item.text}${item.state === "waiting" ? " (waits)" : ""}`] : []
  );
}

/** Waits until all show so many messages; then they show the same, in the chat list and after a reload, too. */
async function agree(people: Person[], chatId: string, count: number): Promise<string[]> {
  for (const person of people) {
    await person.until(async () => (await person.texts(chatId)).length === count, `${count} messages`);
    await person.settled(chatId);
  }
  const order = await looks(people[0], chatId);
  for (const person of people) {
    assert.deepEqual(await looks(person, chatId), order, person.username);
    const { lastMessage } = (await person.chat(chatId))!;
    assert.equal(`${lastMessage!.sender}: ${lastMessage!.text}`, order.at(-1), `the chat list of ${person.username}`);
    await person.crash();
    assert.deepEqual(await looks(person, chatId), order, `${person.username} after a reload`);
    const times = (await person.items(chatId)).map(({ atMs }) => atMs);
    assert.deepEqual(times, times.toSorted((a, b) => a - b), "times rise with the places");
  }
  for (const person of people) await person.connected();
  return order;
}

/** One says it, and the server has it. */
async function sends(person: Person, chatId: string, text: string): Promise<void> {
  await person.says(chatId, text);
  await person.settled(chatId);
  // The server's clock goes on, also where it gives no places.
  await new Promise((resolve) => setTimeout(resolve, 2));
}

async function group(people: Person[]): Promise<string> {
  const [creator, ...others] = people;
  const chatId = await creator.engine.startChat(others.map(({ username }) => username), "group");
  await Promise.all(others.map((person) => person.sees(chatId)));
  return chatId;
}

suite("one order for all", {
  "PEOPLE B2: two people whose messages cross see them in one order, the server's": async ({ core, join }) => {
    const people = [await join("anna"), await join("bert")];
    const [anna, bert] = people;
    const chatId = await group(people);
    const releases = [core.hold(await anna.recipientKey()), core.hold(await bert.recipientKey())];
    const said: string[] = [];
    for (let round = 0; round < 3; round++) {
      for (const person of people) {
        await sends(person, chatId, `${round}`);
        said.push(`${person.username}: ${round}`);
      }
    }
    for (const person of people) assert.equal((await person.texts(chatId)).length, 3, "nothing has come");
    for (const release of releases) release();
    assert.deepEqual(await agree(people, chatId, 6), said);
  },

  "PEOPLE B2: three people whose messages cross see one order": async ({ core, join }) => {
    const people = [await join("anna"), await join("bert"), await join("carl")];
    const chatId = await group(people);
    const releases: (() => void)[] = [];
    for (const person of people) releases.push(core.hold(await person.recipientKey()));
    await Promise.all(people.map(async (person) => {
      for (let count = 0; count < 5; count++) await sends(person, chatId, `${count}`);
    }));
    for (const release of releases) release();
    const order = await agree(people, chatId, 15);
    for (const { username } of people) {
      assert.deepEqual(
        order.filter((line) => line.startsWith(username)),
        [0, 1, 2, 3, 4].map((count) => `${username}: ${count}`),
      );
    }
  },

  "PEOPLE B2: own messages that wait stand last, and move to their place when they are sent": async ({ join }) => {
    const people = [await join("anna"), await join("bert")];
    const [anna, bert] = people;
    const chatId = await group(people);
    anna.refuses = (method) => method === "publish";
    await anna.says(chatId, "one");
    await anna.says(chatId, "two");
    await bert.says(chatId, "between");
    await anna.hears(chatId, bert.username, ["between"]);
    assert.deepEqual(await looks(anna, chatId), [
      `${bert.username}: between`,
      `${anna.username}: one (waits)`,
      `${anna.username}: two (waits)`,
    ]);
    assert.equal((await anna.chat(chatId))!.lastMessage!.text, "two", "the chat list shows what stands last");
    await anna.crash();
    assert.deepEqual((await looks(anna, chatId)).length, 3);
    anna.refuses = () => false;
    await anna.connected();
    assert.deepEqual(await agree(people, chatId, 3), [
      `${bert.username}: between`,
      `${anna.username}: one`,
      `${anna.username}: two`,
    ]);
  },

  "PEOPLE B2: a message whose answer is lost stands last, and goes before what was said after it": async ({ join }) => {
    const people = [await join("anna"), await join("bert")];
    const [anna, bert] = people;
    const tap = new Wiretap();
    anna.wrapTransport = tap.wrap;
    const chatId = await group(people);
    await anna.crash();
    await anna.connected();
    tap.losesAnswer = ({ method }) => method === "publish";
    await anna.says(chatId, "first");
    await bert.hears(chatId, anna.username, ["first"]);
    await new Promise((resolve) => setTimeout(resolve, 2));
    for (const text of ["second", "third"]) await sends(bert, chatId, text);
    await anna.hears(chatId, bert.username, ["second", "third"]);
    assert.deepEqual((await looks(anna, chatId)).at(-1), `${anna.username}: first (waits)`);
    const moved: TimelineItem[] = [];
    anna.onEvent = (event) => event.kind === "timeline" && moved.push(...event.items);
    tap.losesAnswer = () => false;
    await anna.settled(chatId);
    assert.deepEqual(await agree(people, chatId, 3), [
      `${anna.username}: first`,
      `${bert.username}: second`,
      `${bert.username}: third`,
    ]);
    assert.deepEqual(moved.map((item) => item.kind === "message" && item.state), ["sent"], "the page is told of it");
    const { unread } = (await anna.chat(chatId))!;
    assert.equal(unread, 2, "what others wrote is as unread as it was");
  },

  "PEOPLE B2: a crash between the server's answer and the write of it leaves the message last, and is mended": async (
    { join },
  ) => {
    const people = [await join("anna"), await join("bert")];
    const [anna, bert] = people;
    const tap = new Wiretap();
    anna.wrapTransport = tap.wrap;
    const chatId = await group(people);
    await anna.crash();
    await anna.connected();
    let answered = false;
    tap.holdsAnswer = ({ method }) => {
      if (method === "publish" && !answered) {
        answered = true;
        // The write of "sent" is the next one.
        anna.storage.failWrite(1, "crash");
      }
      return undefined;
    };
    await anna.says(chatId, "first");
    await bert.hears(chatId, anna.username, ["first"]);
    await anna.until(async () => await anna.storage.get("meta", "any").then(() => false, () => true), "the crash");
    await new Promise((resolve) => setTimeout(resolve, 2));
    await sends(bert, chatId, "second");
    anna.online = false;
    await anna.crash();
    assert.deepEqual(await looks(anna, chatId), [`${anna.username}: first (waits)`]);
    anna.online = true;
    assert.deepEqual(await agree(people, chatId, 2), [`${anna.username}: first`, `${bert.username}: second`]);
  },

  "PEOPLE B2: later lines come behind a message that failed, and it is last when it is sent again": async (
    { join },
  ) => {
    const people = [await join("anna"), await join("bert")];
    const [anna, bert] = people;
    const chatId = await group(people);
    bert.refuses = (method) => method === "publish";
    const messageId = await bert.says(chatId, "again");
    await anna.engine.removePerson(chatId, bert.username);
    await bert.sees(chatId, ({ active }) => !active);
    await bert.settled(chatId);
    bert.refuses = () => false;
    await anna.engine.addPeople(chatId, [bert.username]);
    await bert.sees(chatId, ({ active }) => active);
    await sends(anna, chatId, "welcome back");
    await bert.hears(chatId, anna.username, ["welcome back"]);
    assert.deepEqual(await looks(bert, chatId), [`${bert.username}: again`, `${anna.username}: welcome back`]);
    await bert.engine.send(chatId, messageId, "again");
    assert.deepEqual(await agree(people, chatId, 2), [`${anna.username}: welcome back`, `${bert.username}: again`]);
  },

  "PEOPLE B2: pages that are read while own messages move hold each message, and events tell of the moves": async (
    { join },
  ) => {
    const people = [await join("anna"), await join("bert")];
    const [anna, bert] = people;
    const chatId = await group(people);
    anna.refuses = (method) => method === "publish";
    for (let count = 0; count < 4; count++) await anna.says(chatId, `waits ${count}`);
    for (let count = 0; count < 8; count++) await bert.says(chatId, `${count}`);
    await anna.until(async () => (await anna.texts(chatId, bert.username)).length === 8, "what bert wrote");
    /** As a page does: by id, and what comes later counts. */
    const read = new Map<string, TimelineItem>();
    const take = (items: TimelineItem[]) =>
      items.forEach((item) => read.set(item.kind === "message" ? item.messageId : item.order, item));
    anna.onEvent = (event) => event.kind === "timeline" && take(event.items);
    let page = await anna.engine.timeline(chatId, undefined, 3);
    take(page.items);
    anna.refuses = () => false;
    await anna.engine.wake();
    await anna.settled(chatId);
    while (page.before !== undefined) {
      page = await anna.engine.timeline(chatId, page.before, 3);
      take(page.items);
    }
    const sorted = [...read.values()].sort((a, b) => a.order < b.order ? -1 : 1);
    assert.deepEqual(sorted, await anna.items(chatId));
    assert.equal(sorted.filter((item) => item.kind === "message").length, 12);
    await agree(people, chatId, 12);
  },

  "PEOPLE B2: what others said to a message before it had its place here finds it afterwards": async (
    { core, join },
  ) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const tap = new Wiretap();
    anna.wrapTransport = tap.wrap;
    const chatId = await group([anna, bert]);
    await anna.crash();
    await anna.connected();
    tap.losesAnswer = ({ method }) => method === "publish";
    const messageId = await anna.says(chatId, "lunch?");
    await bert.hears(chatId, anna.username, ["lunch?"]);
    const sender = await ContentSender.of(core, bert, chatId);
    const [id] = (await knownIds(anna, chatId)).map(fromHex);
    const reaction = await sender.send(write.reaction("+1", id));
    await sender.send(write.reply("yes", id));
    await anna.until(async () => (await anna.texts(chatId)).includes("yes"), "the reply");
    const waiting = (await anna.items(chatId)).at(-1)!;
    assert.ok(waiting.kind === "message" && waiting.state === "waiting" && waiting.reactions?.length === 1);
    tap.losesAnswer = () => false;
    await anna.settled(chatId);
    const [first, reply] = (await anna.items(chatId)).filter((item) => item.kind === "message");
    assert.deepEqual([first.text, first.reactions?.length, reply.text], ["lunch?", 1, "yes"]);
    assert.equal(reply.replyTo!.messageId, messageId);
    await sender.send(write.delete(reaction));
    await anna.until(async () => {
      const items = (await anna.items(chatId)).filter((item) => item.kind === "message");
      return items[0].reactions === undefined || items[0].reactions.length === 0;
    }, "the reaction to go");
    await sender.send(write.reaction("-1", id));
    await anna.until(async () => {
      const items = (await anna.items(chatId)).filter((item) => item.kind === "message");
      return items[0].reactions?.length === 1;
    }, "another reaction");
    assert.equal((await anna.texts(chatId)).length, 2);
  },

  "PEOPLE B2: a replacement channel stands behind the old one, and what waited for it stands in it": async (
    { core, join },
  ) => {
    const people = [await join("anna"), await join("bert")];
    const [anna, bert] = people;
    const chatId = await group(people);
    const copy = await core.backup();
    for (const person of people) await person.connected();
    await anna.engine.renameChat(chatId, "Lost by the core");
    await bert.sees(chatId, ({ title }) => title === "Lost by the core");
    // The old channel's places are ahead of the clock.
    for (const person of people) {
      core.hostile.places.set(toHex(await person.recipientKey()), (place) => place + 3_600_000 * 1_024);
    }
    await sends(anna, chatId, "old one");
    await bert.hears(chatId, anna.username, ["old one"]);
    await sends(bert, chatId, "old two");
    await anna.hears(chatId, bert.username, ["old two"]);
    anna.refuses = (method) => method === "publish";
    await anna.says(chatId, "waited");
    await core.restore(copy);
    core.hostile.places.clear();
    for (const person of people) await person.moved(chatId);
    await sends(bert, chatId, "new");
    await anna.hears(chatId, bert.username, ["old two", "new"]);
    assert.equal((await looks(anna, chatId)).at(-1), `${anna.username}: waited (waits)`);
    anna.refuses = () => false;
    await anna.engine.wake();
    assert.deepEqual(await agree(people, chatId, 4), [
      `${anna.username}: old one`,
      `${bert.username}: old two`,
      `${bert.username}: new`,
      `${anna.username}: waited`,
    ]);
  },

  "PEOPLE B2: a resend keeps its first place at its sender, and where it was read": async ({ core, join }) => {
    const people = [await join("anna"), await join("bert"), await join("carl")];
    const [anna, bert, carl] = people;
    const chatId = await group(people);
    const copy = await core.backup();
    for (const person of people) await person.connected();
    carl.online = false;
    carl.disconnect();
    await sends(anna, chatId, "lost");
    await bert.hears(chatId, anna.username, ["lost"]);
    await sends(bert, chatId, "lost, too");
    await anna.hears(chatId, bert.username, ["lost, too"]);
    const before = (await anna.items(chatId)).map(({ order }) => order);
    await core.restore(copy);
    carl.online = true;
    await carl.hears(chatId, anna.username, ["lost"]);
    await carl.hears(chatId, bert.username, ["lost, too"]);
    for (const person of [anna, bert]) {
      await person.settled(chatId);
      assert.deepEqual(await looks(person, chatId), [`${anna.username}: lost`, `${bert.username}: lost, too`]);
    }
    assert.deepEqual((await anna.items(chatId)).slice(0, before.length).map(({ order }) => order), before);
    await sends(carl, chatId, "after");
    for (const person of people) {
      await person.hears(chatId, carl.username, ["after"]);
      assert.equal((await person.chat(chatId))!.lastMessage!.text, "after");
      assert.equal((await looks(person, chatId)).at(-1), `${carl.username}: after`);
    }
  },
});
