/** Who gets the content of a message for asking, and whose gift is taken (specification §3.8). */

import assert from "node:assert/strict";
import { type Bytes, equalBytes, fromHex } from "../../schema/bytes.ts";
import { delivery } from "../../schema/rpc/methods.ts";
import type { StoredDevice } from "../account/devices/device.ts";
import { textKind } from "../content/kinds/text.ts";
import { encodeMimiContent } from "../content/mimi_content.ts";
import type { GroupState } from "../mls/group.ts";
import { SealedStore } from "../storage/sealed_store.ts";
import { type DeviceMessageContent, none, sealDeviceMessage } from "../sync/device_messages/device_messages.ts";
import type { TestCore } from "../testing/core.ts";
import { type Outsider, outsider } from "../testing/outsider.ts";
import { type Person, suite } from "../testing/person.ts";

const random = (length: number): Bytes => crypto.getRandomValues(new Uint8Array(length));
const textBytes = (text: string) => encodeMimiContent(textKind.write({ text }, random(16)));

/** A member that sends device messages by hand. */
interface Hand extends Outsider {
  device: StoredDevice;
  state: (chatId: string) => Promise<GroupState>;
}

async function handOf(core: TestCore, person: Person): Promise<Hand> {
  const store = new SealedStore(person.storage.restarted(), person.wrappingKey);
  return { ...await outsider(core, person), device: (await store.get<StoredDevice>("account", "device"))! };
}

async function send({ rpc, device }: Hand, chatId: string, to: Bytes, content: DeviceMessageContent): Promise<void> {
  const channelId = fromHex(chatId);
  const { recipientKey: from, deviceSeed: seed } = device;
  const body = await sealDeviceMessage({ channelId, from, to, content }, seed);
  await rpc.call(delivery.enqueue, { recipientKey: to, channelId, messageId: random(16), body });
}

const ask = (messageId: string): DeviceMessageContent => ({
  kind: "again",
  n: 1,
  commitId: none,
  messageId: fromHex(messageId),
});

async function gift(hand: Hand, chatId: string, to: Bytes, said: { messageId: Bytes; n: number; text: string }) {
  const { mls, device } = hand;
  const channelId = fromHex(chatId);
  const member = mls.members(await hand.state(chatId)).find(({ recipientKey }) => equalBytes(recipientKey, to))!;
  const { messageId, n, text } = said;
  const sealed = await mls.sealGiven(textBytes(text), member.xwingPublicKey, {
    channelId,
    sentIn: channelId,
    n: BigInt(n),
    messageId,
    from: device.recipientKey,
    to,
  });
  return { kind: "given" as const, n, commitId: none, messageId, sentIn: channelId, sealed: sealed! };
}

suite("PEOPLE B0: contents that go to one device alone", {
  "PEOPLE B0: a device gets for asking what was said while it was a member, and nothing of before": async (
    { core, join },
  ) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const chatId = await anna.engine.startChat([bert.username], "The Long Walk");
    await bert.sees(chatId);
    const before = await bert.says(chatId, "before carl");
    await bert.settled(chatId);
    await anna.engine.addPeople(chatId, [carl.username]);
    await Promise.all([bert, carl].map((person) => person.sees(chatId, ({ members }) => members.length === 3)));
    const since = await bert.says(chatId, "with carl");
    await carl.hears(chatId, bert.username, ["with carl"]);
    const [key, asker] = [await bert.recipientKey(), await handOf(core, carl)];
    // The engine of Carl takes nothing, so that what comes for him can be counted.
    await carl.engine.close();
    let answers = 0;
    bert.refuses = (method) => method === "enqueue" && ++answers < 0;
    for (const messageId of [before, "00".repeat(16)]) await send(asker, chatId, key, ask(messageId));
    await send(asker, chatId, key, ask(since));
    await bert.until(() => answers > 0, "the one answer");
    for (let more = 0; more < 3; more++) await send(asker, chatId, key, ask(since));
    // A message of his comes behind all that he has asked.
    const fence = random(16);
    const { envelope } = await asker.mls.sealMessage(await asker.state(chatId), {
      messageId: fence,
      content: textBytes("behind"),
    });
    await asker.rpc.call(delivery.publish, {
      channelId: fromHex(chatId),
      epoch: 2,
      messageId: fence,
      envelope,
      ephemeral: false,
    });
    await bert.hears(chatId, carl.username, ["behind"]);
    await bert.says(chatId, "done");
    await bert.settled(chatId);
    assert.equal(answers, 2, "the same message is given twice in an hour at most");
  },

  "PEOPLE B0: a gift is taken of a member, for what was said while this device was one, and once": async (
    { core, join },
  ) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const chatId = await anna.engine.startChat([bert.username], "The Long Walk");
    await bert.sees(chatId);
    await anna.engine.addPeople(chatId, [carl.username]);
    await Promise.all([bert, carl].map((person) => person.sees(chatId, ({ members }) => members.length === 3)));
    const [key, giver] = [await carl.recipientKey(), await handOf(core, bert)];
    const messageId = random(16);
    await send(giver, chatId, key, await gift(giver, chatId, key, { messageId: random(16), n: 1, text: "too old" }));
    const broken = await gift(giver, chatId, key, { messageId: random(16), n: 2, text: "broken" });
    broken.sealed[broken.sealed.length - 1] ^= 1;
    await send(giver, chatId, key, broken);
    const good = await gift(giver, chatId, key, { messageId, n: 2, text: "given" });
    await send(giver, chatId, key, { ...good, n: 3 });
    await send(giver, chatId, key, good);
    await send(giver, chatId, key, good);
    await bert.says(chatId, "behind it");
    await carl.hears(chatId, bert.username, ["given", "behind it"]);
    assert.deepEqual(carl.problems, []);
  },
});
