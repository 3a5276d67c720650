/**
 * A server and three devices of version 0.1.0 (client/testing/fixtures) go on with today's code: what was under
 * way comes to its end, and people go on talking. The clock starts a minute after the fixtures were made.
 */

import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { fromHex } from "../../schema/bytes.ts";
import { RpcClient } from "../../schema/rpc/client.ts";
import { delivery } from "../../schema/rpc/methods.ts";
import { noteRestore } from "../../server-core/storage/sqlite/delivery/restores.ts";
import { openDatabase } from "../../server-core/storage/sqlite/open.ts";
import type { StoredDevice } from "../account/devices/device.ts";
import { type EngineProblem, LocalCode } from "../api/errors.ts";
import { sessionAuth, type StoredSession } from "../account/sign_in/session.ts";
import { SealedStore } from "../storage/sealed_store.ts";
import type { Storage, StoreName } from "../storage/storage.ts";
import { TestCore } from "../testing/core.ts";
import { copyFolder } from "../testing/copy_folder.ts";
import { fieldsOf } from "../testing/fixtures/fields.ts";
import { StoredWorld, type Username } from "../testing/fixtures/stored_world.ts";
import { MovableTime } from "../testing/movable_time.ts";
import { password, Person } from "../testing/person.ts";

type Somebody = Person<Storage>;

const version = "0.1.0";
const minuteMs = 60_000;
const devices: Username[] = ["alice", "bob", "carol"];

/** Fields that later versions store as well, by place (see `fieldsOf`). The code that stores one adds it here. */
const laterFields: Record<string, string[]> = {
  "account/sync/marks": ["before[]"],
  "account/vault": ["channels[]"],
  groups: [
    "broken.by",
    "features[]",
    "gone.accountKey",
    "gone.atMs",
    "gone.channelId",
    "gone.n",
    "invitedBytes",
    "inviter",
    "inviterRevoked",
    "lastMessage.deleted",
    "lastMessage.note",
    "lastMessage.order",
    "lastMessage.own",
    "lastMessage.state",
    "leafSinceMs",
    "leftIn[].channelId",
    "leftIn[].epoch",
    "leftMs",
    "onOtherDevices",
    "ownFeatures[]",
    "places.head",
    "places.moves",
    "places.received",
    "reading.from",
    "reading.late[]",
    "reading.to",
    "redo.others[]",
    "receipts.delivered",
    "receipts.read",
    "refusals.count",
    "refusals.sinceMs",
    "replaced.atMs",
    "replaced.channelId",
    "spoiled[]",
    "taken",
    "unopened.atMs",
    "unopened.order",
  ],
  "epochs/devices": ["[].channel", "[].devices[]", "[].n"],
  "epochs/leave": ["chatId", "content", "kind", "messageId", "order", "sealed.envelope", "sealed.epoch"],
  "epochs/others": ["[].added[]", "[].n"],
  "epochs/past": ["[].added[]"],
  keypackages: ["channel", "features", "replacedMs", "taken"],
  messageids: ["of"],
  "messageids/ahead": ["changes[].revokedDevice"],
  "messageids/missed": ["asks", "askedMs", "atMs", "device", "epoch", "line", "order", "receivedMs"],
  "messageids/mimi": ["of"],
  messages: ["content", "mimiId", "replyTo.messageId", "revokedDevice", "sentIn.writtenMs"],
  outbox: ["behind", "mimiId", "firstSent.channel", "firstSent.epoch", "sealed.generation", "toGive[]"],
  unreadable: ["place"],
};

interface LiveWorld extends Record<Username, Somebody> {
  core: TestCore;
}

/** Runs the server and the devices of the fixtures, connected. */
async function live(work: (world: LiveWorld) => Promise<void>, change: (data: string) => void = () => {}) {
  await using stored = await StoredWorld.open(version);
  const data = await Deno.makeTempDir({ prefix: "qpq-upgrade-" });
  await copyFolder(stored.server, data);
  change(data);
  const core = await TestCore.start({ time: new MovableTime(stored.expected.madeMs + minuteMs), data });
  await Deno.remove(data, { recursive: true });
  const people: Somebody[] = [];
  try {
    for (const username of devices) people.push(await stored.person(core, username));
    const [alice, bob, carol] = people;
    for (const person of people) await person.connected();
    await work({ core, alice, bob, carol });
  } finally {
    for (const person of people) await person.close();
    await core.idle();
    await core.stop();
  }
}

async function chatOf(person: Somebody, title: string): Promise<string> {
  const { chatId } = await person.until(
    async () => (await person.engine.chats()).find((chat) => chat.title === title),
    `the chat "${title}"`,
  );
  return chatId;
}

async function hears(person: Somebody, chatId: string, sender: string, text: string): Promise<void> {
  await person.until(async () => (await person.texts(chatId, sender)).includes(text), `"${text}"`);
  assert.equal((await person.texts(chatId, sender)).filter((candidate) => candidate === text).length, 1, text);
}

async function hasNotice(person: Somebody, chatId: string, notice: string): Promise<void> {
  await person.until(async () => (await person.notices(chatId)).includes(notice), notice);
}

const codesOf = (problems: unknown[]) => problems.map((problem) => (problem as EngineProblem).code);

async function recordsOf<T>({ storage, wrappingKey }: Somebody, store: StoreName, prefix = "") {
  return await new SealedStore(storage, wrappingKey).range<T>(store, prefix);
}

async function isEmpty(person: Somebody, store: StoreName, prefix: string): Promise<void> {
  await person.until(async () => (await recordsOf(person, store, prefix)).length === 0, `an end of ${store} records`);
}

/** Waits until the stored record of a chat has none of these fields. */
async function isMended(person: Somebody, chatId: string, fields: string[]): Promise<void> {
  await person.until(async () => {
    const [{ value }] = await recordsOf<Record<string, unknown>>(person, "groups", chatId);
    return fields.every((field) => value[field] === undefined);
  }, `an end of ${fields.join(", ")}`);
}

Deno.test(`people of version ${version} find everything as it was under way, and go on`, async (context) => {
  await live(async ({ core, alice, bob, carol }) => {
    const chat = {
      harbour: await chatOf(alice, "Harbour"),
      pair: await chatOf(alice, "bob"),
      garden: await chatOf(alice, "Garden"),
      guests: await chatOf(alice, "Guest List"),
      door: await chatOf(alice, "Locked Door"),
      bridge: await chatOf(alice, "Broken Bridge"),
      ledger: await chatOf(alice, "Ledger"),
      map: await chatOf(alice, "Lost Map"),
      relay: await chatOf(alice, "Relay Race"),
      walk: await chatOf(alice, "Long Walk"),
      committee: await chatOf(alice, "Committee"),
      house: await chatOf(carol, "Open House Tonight"),
    };

    await context.step("messages that waited on the devices and on the server arrive once", async () => {
      for (const [reader, writer] of [[alice, bob], [alice, carol], [bob, alice], [bob, carol], [carol, alice]]) {
        await hears(reader, chat.harbour, writer.username, `${writer.username} wrote this last`);
      }
      await hears(bob, chat.harbour, "alice", "The message of alice waits");
      await hears(alice, chat.harbour, "carol", "The message of carol waits");
      for (const person of [alice, bob, carol]) {
        await hears(person, chat.harbour, "erin", "Written while all were away");
      }
      await hears(bob, chat.pair, "alice", "Bob finds this later");
      await hears(carol, chat.walk, "alice", "Waits for the new channel");
      await hears(carol, await chatOf(carol, "gail"), "gail", "Are you well, Carol?");
      for (const person of [alice, bob, carol]) await person.settled(chat.harbour);
    });

    await context.step("PEOPLE B2: stored lines stay, and what was under way is in one order for all", async () => {
      await using stored = await StoredWorld.open(version);
      const orders: string[][] = [];
      for (const person of [alice, bob, carol]) {
        const items = await person.items(chat.harbour);
        const { chats } = stored.expected[person.username as Username];
        const { items: before } = chats.find(({ chatId }) => chatId === chat.harbour)!;
        const settled = before.filter((item) => item.kind === "notice" || item.state !== "waiting");
        assert.deepEqual(items.slice(0, settled.length).map(({ order }) => order), settled.map(({ order }) => order));
        const fresh = items.slice(settled.length).filter((item) => item.kind === "message");
        orders.push(fresh.map(({ sender, text }) => `${sender}: ${text}`));
      }
      assert.deepEqual([orders[1], orders[2]], [orders[0], orders[0]]);
      assert.ok(orders[0].length >= 6, orders[0].join());
    });

    await context.step(
      "commits that waited are made: a role, a name, an addition, a removal, a new group",
      async () => {
        for (const person of [alice, bob, carol]) {
          await person.sees(
            chat.harbour,
            ({ members }) => members.find(({ username }) => username === "carol")!.role === "admin",
          );
        }
        await chatOf(carol, "Found Notes");
        await carol.sees(chat.garden, ({ members }) => members.length === 3);
        await hasNotice(bob, chat.guests, "removed alice bob 1");
        await hasNotice(carol, chat.guests, "removed alice bob");
        for (const person of [bob, carol]) {
          await hasNotice(person, await chatOf(person, "Island"), `added alice ${person.username}`);
        }
        const committee = await recordsOf<{ kind: string }>(alice, "outbox", chat.committee);
        assert.deepEqual(committee, [], "the request to leave has gone out");
      },
    );

    await context.step("groups that a device could not follow are mended", async () => {
      await hasNotice(bob, chat.door, "healed alice");
      await hears(bob, chat.door, "alice", "Bob can not read this yet");
      await isEmpty(bob, "unreadable", chat.door);
      for (const person of [alice, bob]) await person.moved(chat.bridge);
      await isMended(bob, chat.door, ["broken", "keptBytes"]);
      await isMended(alice, chat.ledger, ["serverDiffers"]);
      for (const chatId of [chat.map, chat.ledger, chat.bridge]) {
        await bob.sees(chatId, ({ active }) => active);
        await bob.says(chatId, "Bob is back");
        await hears(alice, chatId, "bob", "Bob is back");
      }
    });

    await context.step("a removal that a move undid is made again, and what waited for it arrives", async () => {
      for (const person of [alice, carol]) {
        await hasNotice(person, chat.relay, "removed bob dave");
        await hears(person, chat.relay, "bob", "This is not for Dave");
      }
      await isMended(bob, chat.relay, ["redo"]);
      const held = await recordsOf<{ notFor?: string[] }>(alice, "outbox", chat.walk);
      assert.equal(
        held.filter(({ value }) => value.notFor).length,
        2,
        "what Carol may not read waits until she is out",
      );
      assert.deepEqual(await carol.texts(chat.walk, "alice"), ["With Carol", "Waits for the new channel"]);
    });

    await context.step("invitations are accepted, people come and go, and messages go both ways", async () => {
      for (const person of [alice, carol]) {
        await person.engine.acceptInvitation(chat.house);
        await person.says(chat.house, `${person.username} is coming`);
      }
      await hears(alice, chat.house, "carol", "carol is coming");
      await hears(carol, chat.house, "alice", "alice is coming");
      const choir = await chatOf(bob, "Choir");
      await assert.rejects(bob.says(choir, "too early"), /L018/);
      await bob.engine.acceptInvitation(choir);
      await bob.says(choir, "Bob sings again");
      await bob.settled(choir);
      await hasNotice(carol, await chatOf(carol, "Regatta"), "removed gail carol 1");

      await alice.engine.addPeople(await chatOf(alice, "Found Notes"), ["bob"]);
      const notes = await chatOf(bob, "Found Notes");
      await bob.says(notes, "New here");
      for (const person of [alice, carol]) await hears(person, notes, "bob", "New here");
      await alice.engine.removePerson(notes, "carol");
      await carol.sees(notes, ({ active }) => !active);
      await bob.sees(notes, ({ members }) => members.length === 2);
      await alice.says(notes, "Two are left");
      await hears(bob, notes, "alice", "Two are left");
      await assert.rejects(alice.says(await chatOf(alice, "frank"), "to whom?"), /L007/);
    });

    await context.step("the account is whole: devices, passwords, vault and attachments", async () => {
      assert.deepEqual((await carol.engine.devices()).map(({ current }) => current), [true]);
      const fresh = await Person.device(core, "bob", 7, { wantedKeyPackages: 2 });
      await fresh.engine.signIn("bob", password);
      assert.equal((await fresh.engine.safetyNumber("alice")).digits, (await bob.engine.safetyNumber("alice")).digits);
      await fresh.close();
      await using stored = await StoredWorld.open(version);
      const hash = fromHex(stored.expected.blob);
      const { bytes } = await (await callsOf(core, alice)).call(delivery.getBlob, { sha256: hash, offset: 0 });
      assert.equal(new TextDecoder().decode(bytes), "an attachment of the fixture");
    });

    await context.step("what is written now has the fields that it had then", async () => {
      await using stored = await StoredWorld.open(version);
      const known = new Set(Object.entries(laterFields).flatMap(pathsOf));
      for (const username of devices) {
        for (const path of Object.entries(stored.expected[username].fields).flatMap(pathsOf)) known.add(path);
      }
      const unknown = new Set<string>();
      for (const { storage, wrappingKey } of [alice, bob, carol]) {
        const fields = await fieldsOf(storage, new SealedStore(storage, wrappingKey));
        for (const path of Object.entries(fields).flatMap(pathsOf)) if (!known.has(path)) unknown.add(path);
      }
      assert.deepEqual([...unknown], []);
    });
    // The server of the fixtures was restored once: its vaults are older than the devices know.
    for (const { problems } of [alice, bob, carol]) {
      assert.deepEqual(codesOf(problems).filter((code) => code !== LocalCode.vaultUnreadable), []);
    }
  });
});

const pathsOf = ([place, paths]: [string, string[]]) => paths.map((path) => `${place}: ${path}`);

/** Calls with the session that lies in a device's storage. */
async function callsOf(core: TestCore, person: Somebody): Promise<RpcClient> {
  const [device] = await recordsOf<StoredDevice>(person, "account", "device");
  const [session] = await recordsOf<StoredSession>(person, "account", "session");
  const connection = await core.transport().connect(new AbortController().signal);
  return new RpcClient(
    (signal) => connection.openStream(signal),
    () => sessionAuth(session.value.accessToken, device.value.deviceId),
  );
}

Deno.test(`a message of version ${version} is sent again as the same message when the server has lost it`, async () => {
  await live(async ({ alice, bob }) => {
    const chatId = await chatOf(alice, "bob");
    await hears(bob, chatId, "alice", "Bob finds this later");
    const ids = async (person: Somebody) =>
      new Set((await recordsOf(person, "messageids", `${chatId}/mimi/`)).map(({ key }) => key));
    assert.deepEqual(await ids(bob), await ids(alice), "derived from the bytes of the message");
    await bob.says(chatId, "Found");
    await hears(alice, chatId, "bob", "Found");
  }, (data) => {
    // `restore` migrates a backup, too.
    const db = openDatabase({ dataDir: data });
    db.run("DELETE FROM entries WHERE kind = 0");
    db.run("DELETE FROM sent");
    noteRestore(db, Date.UTC(2026, 10, 1));
    db.close();
  });
});
