import assert from "node:assert/strict";
import { fromHex, sha256, toHex } from "../../schema/bytes.ts";
import type { RpcClient } from "../../schema/rpc/client.ts";
import { delivery, EntryKind } from "../../schema/rpc/methods.ts";
import { textKind } from "../content/kinds/text.ts";
import { encodeMimiContent } from "../content/mimi_content.ts";
import { SealedStore } from "../storage/sealed_store.ts";
import { bundleBody } from "../sync/commits/commit_plan.ts";
import { outsider } from "../testing/outsider.ts";
import { type Person, suite } from "../testing/person.ts";

const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));

async function pair(join: (name: string) => Promise<Person>): Promise<{ anna: Person; bert: Person; chatId: string }> {
  const [anna, bert] = [await join("anna"), await join("bert")];
  const chatId = await anna.engine.startChat([bert.username], "poisoned");
  await bert.sees(chatId);
  return { anna, bert, chatId };
}

/** Makes a channel and adds a device by a Welcome of random bytes, for which no KeyPackage is needed. */
async function addByJunk(rpc: RpcClient, channelId: Uint8Array<ArrayBuffer>, by: Person, who: Person): Promise<void> {
  await rpc.call(delivery.createChannel, { channelId });
  const [own, added] = [await by.recipientKey(), await who.recipientKey()];
  const headers = new Uint8Array([...own, ...random(1168), ...added, ...random(1168)]);
  const body = new Uint8Array([...random(100), ...random(100), ...headers]);
  await rpc.call(
    delivery.commit,
    {
      channelId,
      epoch: 0,
      commitId: random(16),
      sha256: await sha256(body),
      commitLength: 100,
      welcomeLength: 100,
      headersLength: headers.length,
      removed: [],
      added: [added],
    },
    {},
    body,
  );
}

suite("foreign entries that should not be", {
  "entries that do not open are shown as notices and do not block the queue": async ({ core, join }) => {
    const { anna, bert, chatId } = await pair(join);
    const { rpc } = await outsider(core, bert);
    const channelId = fromHex(chatId);
    for (let count = 0; count < 3; count++) {
      await rpc.call(delivery.publish, {
        channelId,
        epoch: 1,
        messageId: random(16),
        envelope: random(300),
        ephemeral: false,
      });
    }
    await bert.says(chatId, "behind the poison");
    await anna.hears(chatId, bert.username, ["behind the poison"]);
    assert.deepEqual((await anna.notices(chatId)).slice(1), Array(3).fill("rejected envelope"));
    await anna.crash();
    await anna.connected();
    assert.equal((await anna.notices(chatId)).length, 4, "each is tried once");
  },

  "PEOPLE B0: ten refusals in 24 h are lines of their own, and further ones are counted in one": async (
    { core, join },
  ) => {
    const { anna, bert, chatId } = await pair(join);
    const { rpc } = await outsider(core, bert);
    const junk = async (count: number, behind: string) => {
      for (let sent = 0; sent < count; sent++) {
        const message = { epoch: 1, messageId: random(16), envelope: random(300), ephemeral: false };
        await rpc.call(delivery.publish, { channelId: fromHex(chatId), ...message });
      }
      await bert.says(chatId, behind);
      await anna.until(async () => (await anna.texts(chatId)).at(-1) === behind, "what is behind it");
    };
    await junk(14, "one");
    const ten = Array(10).fill("rejected envelope");
    assert.deepEqual((await anna.notices(chatId)).slice(1), [...ten, "unopened 4"]);
    core.time.pass(24 * 3_600_000);
    await junk(1, "two");
    assert.deepEqual((await anna.notices(chatId)).slice(12), ["rejected envelope"]);
  },

  "an envelope under another key is unreadable, and says so": async ({ core, join }) => {
    const { anna, bert, chatId } = await pair(join);
    const { rpc, mls, state } = await outsider(core, bert);
    const messageId = random(16);
    const sealed = await mls.sealMessage(await state(chatId), { messageId, content: random(50) });
    const envelope = new Uint8Array(sealed.envelope);
    envelope[envelope.length - 1] ^= 1;
    await rpc.call(delivery.publish, { channelId: fromHex(chatId), epoch: 1, messageId, envelope, ephemeral: false });
    await anna.until(async () => (await anna.notices(chatId)).includes("unreadable envelope"), "the notice");
  },

  "what a stranger sends into a channel that this device could not join leaves nothing on the disk": async (
    { core, join },
  ) => {
    const [anna, eve] = [await join("anna"), await join("eve")];
    const { rpc } = await outsider(core, eve);
    const channelId = random(32);
    await addByJunk(rpc, channelId, eve, anna);
    for (let count = 0; count < 20; count++) {
      const message = { channelId, epoch: 1, messageId: random(16), envelope: random(300), ephemeral: false };
      await rpc.call(delivery.publish, message);
    }
    await eve.engine.close();
    const bert = await join("bert");
    const chatId = await bert.engine.startChat([anna.username]);
    await anna.sees(chatId);
    const kept = await new SealedStore(anna.storage.restarted(), anna.wrappingKey).range("unreadable", "");
    assert.deepEqual(kept.map(({ value }) => (value as { kind: number }).kind), [EntryKind.WELCOME]);
  },

  "a bare MLS message is refused with a notice": async ({ core, join }) => {
    const { anna, bert, chatId } = await pair(join);
    const { rpc } = await outsider(core, bert);
    // An MLSMessage of version mls10 and wire format mls_private_message (RFC 9420 §6), with no envelope around it.
    const bare = new Uint8Array([
      0,
      1,
      0,
      2,
      32,
      ...fromHex(chatId),
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      1,
      1,
      0,
      28,
      ...random(28),
      64,
      80,
      ...random(80),
    ]);
    await rpc.call(delivery.publish, {
      channelId: fromHex(chatId),
      epoch: 1,
      messageId: random(16),
      envelope: bare,
      ephemeral: false,
    });
    await anna.until(async () => (await anna.notices(chatId)).includes("rejected bare-mls"), "the notice");
    assert.deepEqual(await anna.texts(chatId), []);
  },

  "content that is no MIMI is a notice, and the ratchet goes on": async ({ core, join }) => {
    const { anna, bert, chatId } = await pair(join);
    const { rpc, mls, state } = await outsider(core, bert);
    const messageId = random(16);
    const { envelope, newState } = await mls.sealMessage(await state(chatId), { messageId, content: random(50) });
    await rpc.call(delivery.publish, { channelId: fromHex(chatId), epoch: 1, messageId, envelope, ephemeral: false });
    await anna.until(
      async () =>
        (await anna.notices(chatId)).some((notice) => notice.startsWith("rejected") && notice.includes(bert.username)),
      "the notice",
    );
    const second = random(16);
    const again = await mls.sealMessage(newState, { messageId: second, content: random(40) });
    await rpc.call(delivery.publish, {
      channelId: fromHex(chatId),
      epoch: 1,
      messageId: second,
      envelope: again.envelope,
      ephemeral: false,
    });
    await anna.until(async () => (await anna.notices(chatId)).length === 3, "the second notice");
  },

  "PEOPLE A8: content that can not be encoded again is a notice as well, and no fault of the app": async (
    { core, join },
  ) => {
    const { anna, bert, chatId } = await pair(join);
    const { rpc, mls, state } = await outsider(core, bert);
    // A container whose extensions have a CBOR "break" as a value.
    const start = [0x87, 0x50, ...random(16), 0xf6, 0x40, 0xf6, 0xf6];
    const content = new Uint8Array([...start, 0xa1, 0x01, 0xff, 0x83, 0, 0x60, 0]);
    const messageId = random(16);
    const { envelope } = await mls.sealMessage(await state(chatId), { messageId, content });
    await rpc.call(delivery.publish, { channelId: fromHex(chatId), epoch: 1, messageId, envelope, ephemeral: false });
    await anna.until(async () => (await anna.notices(chatId)).length === 2, "the notice");
    assert.equal((await anna.notices(chatId))[1], `rejected ${bert.username} content`);
    assert.deepEqual(anna.problems, []);
  },

  "a message over 64 KiB is fetched by itself, in its place": async ({ core, join }) => {
    const { anna, bert, chatId } = await pair(join);
    const { rpc, mls, state } = await outsider(core, bert);
    const long = "long ".repeat(16_000);
    const messageId = random(16);
    const { envelope } = await mls.sealMessage(await state(chatId), {
      messageId,
      content: encodeMimiContent(textKind.write({ text: long }, random(16))),
    });
    await rpc.call(delivery.publish, { channelId: fromHex(chatId), epoch: 1, messageId, envelope, ephemeral: false });
    await anna.hears(chatId, bert.username, [long]);
  },

  "a device whose storage went back in time sends nothing and says why": async ({ join }) => {
    const { anna, bert, chatId } = await pair(join);
    const carl = await join("carl");
    const past = anna.storage.restarted();
    await anna.engine.addPeople(chatId, [carl.username]);
    await anna.says(chatId, "in epoch two");
    await bert.hears(chatId, anna.username, ["in epoch two"]);
    await anna.engine.close();
    // Long enough for the acknowledgement of epoch two.
    await new Promise((resolve) => setTimeout(resolve, 100));
    anna.storage = past;
    await anna.start();
    await anna.connected();
    await anna.says(chatId, "from the past").catch((error) => assert.match(String(error), /L010/));
    await anna.until(async () => {
      const chat = await anna.chat(chatId);
      const failed = (await anna.items(chatId)).some((item) =>
        item.kind === "message" && item.state === "failed" && item.errorCode === "E017"
      );
      return failed || chat?.active === false;
    }, "the refusal");
    assert.deepEqual(await bert.texts(chatId, anna.username), ["in epoch two"]);
  },

  "a commit whose hybrid header does not open stops the chat with one notice, and nothing is processed": async (
    { core, join },
  ) => {
    const { anna, bert, chatId } = await pair(join);
    const { rpc, mls, state } = await outsider(core, bert);
    const { pending } = await mls.buildCommit(await state(chatId), { nowMs: Date.now() });
    for (const { header } of pending.bundle.headers) header[header.length - 1] ^= 1;
    const { body, headersLength } = bundleBody(pending);
    await rpc.call(
      delivery.commit,
      {
        channelId: fromHex(chatId),
        epoch: 1,
        commitId: pending.commitId,
        sha256: await sha256(body),
        commitLength: pending.bundle.sealedCommit.length,
        welcomeLength: 0,
        headersLength,
        removed: [],
        added: [],
      },
      {},
      body,
    );
    await anna.until(async () => (await anna.notices(chatId)).includes("unreadable header"), "the notice");
    await anna.sees(chatId, ({ active }) => !active);
    await assert.rejects(anna.says(chatId, "into the void"), /L010/);
    const other = await anna.engine.startChat([bert.username], "elsewhere");
    await anna.says(other, "other chats go on");
    await bert.hears(other, anna.username, ["other chats go on"]);
  },

  "a Welcome that is none is refused as a problem, and the next one is joined": async ({ core, join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const { rpc } = await outsider(core, anna);
    const channelId = random(32);
    await addByJunk(rpc, channelId, anna, bert);
    await bert.until(() => bert.problems.length > 0, "the problem");
    assert.match(JSON.stringify(bert.problems), /L008/);
    const chatId = await anna.engine.startChat([bert.username]);
    await bert.sees(chatId);
    assert.equal(await bert.chat(toHex(channelId)), undefined);
  },
});
