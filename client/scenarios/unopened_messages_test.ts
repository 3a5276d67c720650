/** What does not open is a repeat if its id was seen; else it is shown, and asked for again (specification §3.8). */

import assert from "node:assert/strict";
import { type Bytes, fromHex } from "../../schema/bytes.ts";
import { delivery, type Entry, EntryKind } from "../../schema/rpc/methods.ts";
import { textKind } from "../content/kinds/text.ts";
import { encodeMimiContent } from "../content/mimi_content.ts";
import type { Hostile } from "../testing/hostile_member.ts";
import { injectedEntry } from "../testing/injected_entry.ts";
import { outsider } from "../testing/outsider.ts";
import { type Person, suite, type World } from "../testing/person.ts";

const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
const textBytes = (text: string) => encodeMimiContent(textKind.write({ text }, random(16)));

interface Spoiled {
  anna: Person;
  bert: Person;
  chatId: string;
  /** Bert's session and his state before his engine said anything: it uses up the generations of his engine. */
  hand: Hostile;
}

async function pair({ core, join }: World): Promise<Spoiled> {
  const [anna, bert] = [await join("anna"), await join("bert")];
  const chatId = await anna.engine.startChat([bert.username]);
  await bert.sees(chatId);
  const { state, ...hand } = await outsider(core, bert);
  return { anna, bert, chatId, hand: { ...hand, state: await state(chatId) } };
}

/** An entry as the server has it. */
function entryOf(chatId: string, id: Bytes, body: Bytes): Entry {
  return injectedEntry(chatId, { kind: EntryKind.APPLICATION, epoch: 1, seq: 0, id, body });
}

/** Sends messages with the next generations of a state. */
async function publish({ hand, chatId }: Spoiled, contents: Uint8Array[]): Promise<Entry[]> {
  const entries = [];
  for (const content of contents) {
    const messageId = random(16);
    const { envelope, newState } = await hand.mls.sealMessage(hand.state, { messageId, content });
    hand.state = newState;
    const entry = entryOf(chatId, messageId, envelope);
    await hand.rpc.call(delivery.publish, {
      channelId: entry.channelId,
      epoch: entry.epoch,
      messageId,
      envelope,
      ephemeral: false,
    });
    entries.push(entry);
  }
  return entries;
}

const counted = async (person: Person, chatId: string) =>
  (await person.notices(chatId)).filter((notice) => /^(unopened|reopened)/.test(notice));

suite("PEOPLE B0: messages that do not open", {
  "PEOPLE B0: a message whose generation is spent is shown, asked for, and comes to its place": async (world) => {
    const spoiled = await pair(world);
    const { anna, bert, chatId } = spoiled;
    await publish(spoiled, [textBytes("by hand")]);
    await anna.hears(chatId, bert.username, ["by hand"]);
    // Bert's engine uses the same generations again. Only the second is new to Anna.
    let answers = 0;
    bert.refuses = (method) => method === "enqueue" && answers++ >= 0;
    await bert.says(chatId, "lost at first");
    await anna.until(async () => (await counted(anna, chatId)).length > 0, "the line");
    await bert.says(chatId, "behind it");
    await anna.hears(chatId, bert.username, ["by hand", "behind it"]);
    assert.deepEqual(await counted(anna, chatId), ["unopened 1"]);
    const unread = (await anna.chat(chatId))!.unread;
    await bert.until(() => answers > 0, "Bert's answer, which does not get out");
    bert.refuses = () => false;
    // What had no answer is asked for once more, after an hour and a restart.
    await anna.crash();
    await anna.connected();
    world.core.time.pass(3_700_000);
    await anna.hears(chatId, bert.username, ["by hand", "lost at first", "behind it"]);
    assert.deepEqual(await counted(anna, chatId), ["reopened 1"]);
    assert.equal((await anna.chat(chatId))!.unread, unread + 1);
    assert.equal((await anna.chat(chatId))!.lastMessage?.text, "behind it");
    for (const person of [anna, bert]) assert.deepEqual(person.problems, []);
  },

  "PEOPLE B8: what did not open in an invitation is asked for when that is accepted, also by an answer": async (
    world,
  ) => {
    const [anna, bert, carl] = [await world.join("anna"), await world.join("bert"), await world.join("carl")];
    const chatId = await anna.engine.startChat([bert.username, carl.username], "group");
    for (const person of [bert, carl]) await person.sees(chatId, ({ invitation }) => invitation);
    const { state, ...hand } = await outsider(world.core, anna);
    await publish({ anna, bert, chatId, hand: { ...hand, state: await state(chatId) } }, [textBytes("by hand")]);
    for (const person of [bert, carl]) await person.hears(chatId, anna.username, ["by hand"]);
    await anna.says(chatId, "lost at first");
    for (const person of [bert, carl]) {
      await person.until(async () => (await counted(person, chatId)).includes("unopened 1"), "the line");
      assert.deepEqual(await person.texts(chatId, anna.username), ["by hand"], "a stranger is not asked");
    }
    await carl.says(chatId, "hello");
    await bert.hears(chatId, carl.username, ["hello"]);
    await bert.readsAll(chatId);
    await bert.engine.acceptInvitation(chatId);
    for (const person of [bert, carl]) await person.hears(chatId, anna.username, ["by hand", "lost at first"]);
    // PEOPLE B6: it has come into a place before what was read, and nobody has seen it there.
    const [, { order }] = (await bert.items(chatId)).filter((item) => item.kind === "message");
    await bert.sees(chatId, ({ unread, unreadFrom }) => unread === 1 && unreadFrom === order);
    assert.deepEqual((await bert.items(chatId)).filter((item) => item.kind === "message" && item.late).length, 1);
    const newest = (await bert.items(chatId)).at(-1)!.order;
    await bert.engine.markRead(chatId, newest, newest);
    assert.equal((await bert.chat(chatId))!.unread, 1, "the end of the chat was in view alone");
    await bert.readsAll(chatId);
    assert.equal((await bert.chat(chatId))!.unread, 0);
  },

  "PEOPLE B0: what was refused, or makes no line, is a repeat when it comes again": async (world) => {
    const spoiled = await pair(world);
    const { anna, bert, chatId, hand } = spoiled;
    const early = encodeMimiContent({
      ...textKind.write({ text: "an edit" }, random(16)),
      replaces: Uint8Array.of(1, ...random(31)),
    });
    const entries = await publish(spoiled, [textBytes("by hand"), random(50), early]);
    // The epoch stays: what is of an earlier one is refused as that.
    anna.refuses = (method) => method === "commit";
    const messageId = random(16);
    const leave = await hand.mls.sealLeave(hand.state, { messageId });
    entries.push(entryOf(chatId, messageId, leave.envelope));
    await hand.rpc.call(delivery.publish, {
      channelId: fromHex(chatId),
      epoch: 1,
      messageId,
      envelope: leave.envelope,
      ephemeral: false,
    });
    await anna.until(async () => (await anna.notices(chatId)).length === 2, "the refusal");
    const notices = await anna.notices(chatId);
    assert.equal(notices.filter((notice) => notice.startsWith("rejected")).length, 1, "of the content that is none");
    const key = await anna.recipientKey();
    const marker = { ...entries[0], id: random(16), body: random(300), bodyLength: 300 };
    world.core.inject(key, [...entries, marker].map((entry, index) => ({ ...entry, seq: 2 ** 40 + index })));
    await anna.until(async () => (await anna.notices(chatId)).length > notices.length, "what comes behind them");
    assert.deepEqual(await anna.notices(chatId), [...notices, "rejected envelope"]);
    assert.deepEqual(await anna.texts(chatId, bert.username), ["by hand"]);
  },

  "PEOPLE B0: many are one line, and their sender is asked 10 times in an hour": async (world) => {
    const spoiled = await pair(world);
    const { anna, bert, chatId } = spoiled;
    const said = Array.from({ length: 12 }, (_, index) => `text ${index}`);
    await publish(spoiled, said.map(() => textBytes("by hand")));
    await anna.until(async () => (await anna.texts(chatId)).length === 12, "what takes the generations");
    let answers = 0;
    bert.refuses = (method) => method === "enqueue" && ++answers < 0;
    for (const text of said) await bert.says(chatId, text);
    await anna.until(
      async () => (await counted(anna, chatId)).includes("unopened 10 2"),
      "ten",
    );
    assert.deepEqual((await counted(anna, chatId)).length, 1);
    assert.equal(answers, 10);
    world.core.time.pass(3_700_000);
    await anna.until(async () => (await counted(anna, chatId)).includes("reopened 12"), "the rest");
    assert.deepEqual((await anna.texts(chatId)).slice(12), said);
    assert.equal(answers, 12);
  },
});
