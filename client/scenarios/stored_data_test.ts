/**
 * Data of version 0.1.0 (client/testing/fixtures) is shown and written by today's code as that version did. What
 * people do with it afterwards is in upgrade_test.ts.
 */

import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { fromHex } from "../../schema/bytes.ts";
import { createMls } from "../mls/group.ts";
import { SealedStore } from "../storage/sealed_store.ts";
import { Drafts } from "../sync/conversation/drafts.ts";
import { ConversationStore } from "../sync/conversation/conversation_store.ts";
import type { Conversation } from "../sync/conversation/conversation_transaction.ts";
import { desyncOf } from "../sync/conversation/standing.ts";
import { fieldsOf } from "../testing/fixtures/fields.ts";
import { type Shown, shownBy, StoredWorld, type Username } from "../testing/fixtures/stored_world.ts";
import { MovableTime } from "../testing/movable_time.ts";
import { Person, type PersonCore } from "../testing/person.ts";
import { testEnvironment } from "../testing/test_environment.ts";

const version = "0.1.0";
const devices: Username[] = ["alice", "bob", "carol"];

/** A server that can not be reached, at a time in ms. */
function noCore(nowMs: number): PersonCore {
  return {
    transport: () => ({ connect: () => Promise.reject(new Error("no route")) }),
    time: new MovableTime(nowMs),
  };
}

/**
 * Version 0.1.0 left a text in the list that its sender had deleted, and said neither where an own one stands nor what
 * became of it.
 */
function newestOf(items: Shown["chats"][number]["items"]) {
  const item = items.findLast(({ kind }) => kind === "message");
  if (item?.kind !== "message") return undefined;
  const { text, sender, atMs, own, state, order } = item;
  const deleted = text === "" && { deleted: true as const };
  return { text, sender, atMs, ...(own && { own: true as const, state, order }), ...deleted };
}

/** Dave had left every chat: no list of members names his key. */
const davesKey = "904bee0e29071fd4d27dfb237b1b173eb1d74b948e675d56c259c270efb627fa";

/** The account keys of all whom the fixtures' chats know, by username. */
function keysOf({ alice, bob, carol }: StoredWorld["expected"]): Map<string, string> {
  const members = [alice, bob, carol].flatMap(({ chats }) => chats.flatMap(({ members }) => members));
  return new Map([["dave", davesKey], ...members.map((one) => [one.username, one.accountKey] as const)]);
}

/** What version 0.1.0 showed, with today's names, and with what today's views show beyond it. */
function asShownNow({ mustAccept, items, ...chat }: Shown["chats"][number], keys: Map<string, string>) {
  const ofOthers = items.filter((item) => item.kind === "message" && !item.own);
  return {
    ...chat,
    features: [],
    // It knew the number of unread messages alone.
    ...(chat.unread > 0 && { unreadFrom: ofOthers.at(-chat.unread)!.order }),
    ...(mustAccept && { needsAcceptance: mustAccept }),
    ...(chat.lastMessage && { lastMessage: newestOf(items)! }),
    // It showed a deleted message as an empty text, and no keys of senders.
    items: items.map((item) => {
      if (item.kind !== "message") return item;
      return { ...item, senderKey: keys.get(item.sender)!, ...(item.text === "" && { deleted: true as const }) };
    }),
  };
}

for (const username of devices) {
  Deno.test(`the device of ${username} shows what it showed when version ${version} wrote it`, async () => {
    await using world = await StoredWorld.open(version);
    const { account, chats, fields } = world.expected[username];
    const profile = await world.profile(username);
    assert.deepEqual(await fieldsOf(profile.storage, new SealedStore(profile.storage, profile.wrappingKey)), fields);
    const person = await Person.of(noCore(world.expected.madeMs), username, profile);
    try {
      const keys = keysOf(world.expected);
      assert.deepEqual(await shownBy(person), { account, chats: chats.map((chat) => asShownNow(chat, keys)) });
    } finally {
      await person.close();
    }
  });

  Deno.test(`records of the device of ${username} are the same after they were read and written`, async () => {
    await using world = await StoredWorld.open(version);
    const { storage, wrappingKey } = await world.profile(username);
    const store = new SealedStore(storage, wrappingKey);
    await store.takeFence();
    const rewritten = ["groups", "pending", "messages", "epochs"] as const;
    const everything = async () =>
      Object.fromEntries(await Promise.all(rewritten.map(async (name) => [name, await valuesOf(store, name)])));
    const before = await everything();
    const conversations = await conversationsOf(world, username, store);
    const versions = new Map<string, number>();
    for (const { id } of conversations.all()) {
      versions.set(id, await store.version(fromHex(id)));
      const lines = await conversations.lines(id, undefined, 100);
      await conversations.update(async (unit) => {
        const conversation = (await unit.conversation(id))!;
        conversation.set({});
        conversation.setPending(conversation.pending);
        // The list's preview of a deleted message is mended with it: version 0.1.0 left the text there.
        for (const line of lines) if (line.kind === "notice" || !line.deleted) conversation.change(line);
      });
    }
    assert.ok(versions.size > 7);
    for (const [id, old] of versions) assert.equal(await store.version(fromHex(id)), old + 1, "it was written");
    assert.deepEqual(await everything(), before);
    conversations.close();
    await storage.close();
  });
}

/** Fields that few records have, by the device and the chat that have them. */
const rare: Record<Username, [title: string, read: (conversation: Conversation) => unknown][]> = {
  alice: [
    ["Broken Bridge", ({ record }) => desyncOf(record)?.need],
    ["Broken Bridge", ({ record }) => record.succeeds],
    ["Ledger", ({ record }) => record.serverDiffers],
    ["Ledger", ({ pending }) => pending?.serverMembers?.length],
    ["Lost Map", ({ pending }) => pending?.plan.requests?.length],
    ["Lost Notes", ({ record }) => record.readded?.length],
    ["Lost Notes", ({ pending }) => pending?.plan.name],
    ["Committee", ({ record }) => record.leaving],
    ["Long Walk", ({ record }) => record.earlier?.length],
    ["Long Walk", ({ record }) => record.superseded],
    ["Long Walk", ({ record }) => record.movedMs],
  ],
  bob: [
    ["Locked Door", ({ record }) => record.keptBytes],
    ["Guest List", ({ record }) => record.announced?.by],
    ["Relay Race", ({ record }) => record.redo?.remove.length],
    ["Choir", ({ record }) => record.needsAcceptance],
    ["", ({ record }) => record.peer?.username],
  ],
  carol: [
    ["Garden", ({ pending }) => pending?.commit?.length],
    ["Harbour", ({ record }) => record.ownSent],
  ],
};

for (const username of devices) {
  Deno.test(`fields that few records of ${username} have are read`, async () => {
    await using world = await StoredWorld.open(version);
    const { storage, wrappingKey } = await world.profile(username);
    const conversations = await conversationsOf(world, username, new SealedStore(storage, wrappingKey));
    for (const [title, read] of rare[username]) {
      const titled = conversations.all().filter(({ record }) => record.name === title);
      assert.ok(titled.some(read), `${title}: ${read}`);
    }
    conversations.close();
    await storage.close();
  });
}

/** The conversations of a device, without its network. */
async function conversationsOf(world: StoredWorld, username: Username, store: SealedStore): Promise<ConversationStore> {
  const { account } = world.expected[username];
  assert.ok(account.kind === "signed-in");
  const conversations = new ConversationStore({
    store,
    mls: createMls({ trust: () => Promise.resolve(true), isRevoked: () => Promise.resolve(false) }),
    own: account,
    listener: { timeline: () => {}, reread: () => {}, erased: () => {}, chats: () => {} },
    drafts: new Drafts(store),
    environment: new MovableTime(world.expected.madeMs).environment(testEnvironment(1)),
  });
  await conversations.load();
  return conversations;
}

async function valuesOf(store: SealedStore, name: "groups" | "pending" | "messages" | "epochs"): Promise<unknown> {
  type Value = object & { reading?: unknown; lastMessage?: unknown };
  const records = (await store.range<Value>(name, "")).map(({ key, value }) => {
    // Where the unread messages stand, and the newest message, is found at the start, and written from then on.
    const { reading: _later, lastMessage: _newest, ...same } = value;
    return [key, name === "groups" ? same : value];
  });
  return Object.fromEntries(records);
}

Deno.test("what is not for everybody is given up a week after it was sent", async () => {
  await using world = await StoredWorld.open(version);
  for (const [days, left] of [[6, 2], [8, 0]]) {
    const profile = await world.profile("alice");
    const store = new SealedStore(profile.storage, profile.wrappingKey);
    const person = await Person.of(noCore(world.expected.madeMs + days * 24 * 3_600_000), "alice", profile);
    const records = await store.range<{ notFor?: string[] }>("outbox", "");
    assert.equal(records.filter(({ value }) => value.notFor).length, left, `after ${days} days`);
    await person.close();
  }
});
