/** What does not open is a repeat only if its id was seen; else it is shown, and asked for again (specification §3.8). */

import assert from "node:assert/strict";
import { fromHex, toHex } from "../../schema/bytes.ts";
import { delivery } from "../../schema/rpc/methods.ts";
import { textKind } from "../content/kinds/text.ts";
import { encodeMimiContent } from "../content/mimi_content.ts";
import type { GroupState } from "../mls/group.ts";
import type { TestCore } from "../testing/core.ts";
import { type Outsider, outsider } from "../testing/outsider.ts";
import { type Person, suite, type World } from "../testing/person.ts";

const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
const textBytes = (text: string) => encodeMimiContent(textKind.write({ text }, random(16)));

interface Spoiled {
  anna: Person;
  bert: Person;
  chatId: string;
  /** Bert's session and his state before his engine said anything: it uses up the generations of his engine. */
  hand: Outsider & { state: GroupState };
}

async function pair({ core, join }: World): Promise<Spoiled> {
  const [anna, bert] = [await join("anna"), await join("bert")];
  const chatId = await anna.engine.startChat([bert.username]);
  await bert.sees(chatId);
  const { state, ...hand } = await outsider(core, bert);
  return { anna, bert, chatId, hand: { ...hand, state: await state(chatId) } };
}

/** Sends messages with the next generations of a state. */
async function publish({ hand, chatId }: Spoiled, contents: Uint8Array[]): Promise<Uint8Array<ArrayBuffer>[]> {
  const ids = [];
  for (const content of contents) {
    const messageId = random(16);
    const { envelope, newState } = await hand.mls.sealMessage(hand.state, { messageId, content });
    hand.state = newState;
    const channelId = fromHex(chatId);
    await hand.rpc.call(delivery.publish, { channelId, epoch: 1, messageId, envelope, ephemeral: false });
    ids.push(messageId);
  }
  return ids;
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
});
