/** What a device keeps while it can not follow its group (specification §6.4): no member uses the room up before. */

import assert from "node:assert/strict";
import { equalBytes, fromHex } from "../../schema/bytes.ts";
import { delivery, EntryKind } from "../../schema/rpc/methods.ts";
import { SealedStore } from "../storage/sealed_store.ts";
import type { UnreadableRecord } from "../sync/conversation/records.ts";
import type { StoredConversation } from "../sync/conversation/stored_conversation.ts";
import { type Hostile, random, sendCommit, takeOver } from "../testing/hostile_member.ts";
import { type Person, suite, type World } from "../testing/person.ts";

async function trio({ core, join }: World) {
  const [anna, bert, mallory] = [await join("anna"), await join("bert"), await join("mallory")];
  const chatId = await anna.engine.startChat([bert.username, mallory.username], "The Long Walk");
  await Promise.all([bert, mallory].map((person) => person.sees(chatId)));
  return { anna, bert, chatId, hostile: await takeOver(core, mallory, chatId) };
}

/** A commit that does not open for one device, which gets no help yet. */
async function lockOut({ rpc, mls, state }: Hostile, person: Person, chatId: string): Promise<void> {
  person.refuses = (method) => method === "enqueue";
  const victim = await person.recipientKey();
  const { pending } = await mls.buildCommit(state, { nowMs: Date.now() });
  await sendCommit({ rpc }, chatId, pending, {
    headers: pending.bundle.headers.map((header) =>
      equalBytes(header.recipientKey, victim) ? { ...header, header: random(1168) } : header
    ),
  });
  await person.until(async () => (await person.notices(chatId)).includes("unreadable header"), "the line");
}

/** Changes what the device has on disk while its engine does not run. */
async function onDisk(person: Person, change: (store: SealedStore) => Promise<void>): Promise<void> {
  await person.engine.close();
  person.storage = person.storage.restarted();
  const store = new SealedStore(person.storage, person.wrappingKey);
  await store.takeFence();
  await change(store);
  person.storage = person.storage.restarted();
  await person.crash();
}

async function healed(person: Person, chatId: string): Promise<string[]> {
  person.refuses = () => false;
  await person.crash();
  await person.connected();
  await person.until(async () => (await person.notices(chatId)).some((notice) => notice.startsWith("healed")), "help");
  return await person.notices(chatId);
}

suite("PEOPLE B0: what is kept for another try", {
  "PEOPLE B0: what a member sent to be refused takes no room of what is kept later": async (world) => {
    const { anna, bert, chatId, hostile } = await trio(world);
    const junk = { epoch: 1, messageId: random(16), envelope: random(5_000), ephemeral: false };
    await hostile.rpc.call(delivery.publish, { channelId: fromHex(chatId), ...junk });
    await bert.until(async () => (await bert.notices(chatId)).includes("rejected envelope"), "its refusal");
    await onDisk(bert, async (store) => {
      assert.deepEqual(await store.range<UnreadableRecord>("unreadable", `${chatId}/`), []);
      // Earlier versions kept it all, until there was no room.
      const [{ key, value, context }] = await store.range<StoredConversation>("groups", chatId);
      await store.write({ puts: [{ store: "groups", key, value: { ...value, keptBytes: 2 ** 24 }, context }] });
    });
    await lockOut(hostile, bert, chatId);
    await anna.says(chatId, "meanwhile");
    await anna.settled(chatId);
    const notices = await healed(bert, chatId);
    await bert.hears(chatId, anna.username, ["meanwhile"]);
    assert.equal(notices.some((notice) => notice.startsWith("rejoined")), false);
  },

  "PEOPLE B0: a message that there was no room for is counted in a line": async (world) => {
    const { anna, bert, chatId, hostile } = await trio(world);
    await lockOut(hostile, bert, chatId);
    for (const text of ["not kept", "kept"]) await anna.says(chatId, text);
    await anna.settled(chatId);
    const keptOf = async (store: SealedStore) =>
      (await store.range<UnreadableRecord>("unreadable", `${chatId}/`)).filter(({ value: { kind, body } }) =>
        kind === EntryKind.APPLICATION && body.length > 0
      );
    const disk = () => new SealedStore(bert.storage.restarted(), bert.wrappingKey);
    await bert.until(async () => (await keptOf(disk())).length === 2, "both");
    await onDisk(bert, async (store) => {
      const [{ key, value, context }] = await keptOf(store);
      const bare = { ...value, body: new Uint8Array() };
      await store.write({ puts: [{ store: "unreadable", key, value: bare, context }] });
    });
    const notices = await healed(bert, chatId);
    await bert.hears(chatId, anna.username, ["kept"]);
    assert.ok(notices.includes("unopened 1"), JSON.stringify(notices));
  },
});
