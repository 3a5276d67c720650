/** What a user takes along: the export of a profile, read back. */

import assert from "node:assert/strict";
import { toHex } from "../../schema/bytes.ts";
import { readPage } from "../../schema/testing/doc_page.ts";
import type { EngineError } from "../api/errors.ts";
import type { StoredDevice } from "../account/devices/device.ts";
import { exportPart } from "../engine/data_export.ts";
import { SealedStore } from "../storage/sealed_store.ts";
import { storeNames } from "../storage/storage.ts";
import { keys, type LineRecord } from "../sync/conversation/records.ts";
import { type Person, suite } from "../testing/person.ts";

type Line = { type: string } & Record<string, unknown>;

/** @returns the lines of a whole export, and how many parts it came in */
async function exportOf(
  part: (from?: string) => ReturnType<typeof exportPart>,
): Promise<{ lines: Line[]; parts: number; text: string; longest: number }> {
  let [text, parts, longest] = ["", 0, 0];
  let next: string | undefined;
  do {
    const found = await part(next);
    assert.ok(found.done <= found.total && found.lines.endsWith("\n"));
    text += found.lines;
    longest = Math.max(longest, found.lines.length);
    parts += 1;
    next = found.next;
  } while (next !== undefined);
  return { lines: text.trimEnd().split("\n").map((line) => JSON.parse(line)), parts, text, longest };
}

/** A profile whose process is over, for a look at what is on its disk. */
async function diskOf(person: Person): Promise<SealedStore> {
  const store = new SealedStore(person.storage.restarted(), person.wrappingKey);
  await store.takeFence();
  return store;
}

/** Every piece of bytes in a value, however deep. */
function bytesIn(value: unknown): Uint8Array[] {
  if (value instanceof Uint8Array) return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(bytesIn) : [];
}

const base64 = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes)).replace(/=+$/, "");

suite("SERVERS 14: a user exports what a device has", {
  "SERVERS 14: account, devices, people, chats and messages are in it, and are read back": async ({ join }) => {
    const [anna, bert, carl] = [await join("anna"), await join("bert"), await join("carl")];
    const group = await anna.engine.startChat([bert.username, carl.username], "hikers");
    await Promise.all([bert.sees(group), carl.sees(group)]);
    await anna.says(group, "line one\nline two");
    await bert.hears(group, anna.username, ["line one\nline two"]);
    await bert.says(group, "an answer");
    await anna.hears(group, bert.username, ["an answer"]);
    await anna.engine.keepDraft(group, "begun");
    const number = await anna.engine.safetyNumber(bert.username);
    await anna.engine.setVerified(bert.username, number.accountKey, true);
    const { lines } = await exportOf((from) => anna.engine.exportPart(from));
    const of = (type: string) => lines.filter((line) => line.type === type);
    assert.deepEqual([lines[0].type, lines[0].version], ["quicproquo-export", 1]);
    const account = await anna.engine.account() as { accountKey: string; deviceId: string };
    const [own] = of("account") as unknown as { username: string; accountKey: string; devices: unknown[] }[];
    assert.deepEqual([own.username, own.accountKey], [anna.username, account.accountKey]);
    assert.deepEqual(own.devices, [{ deviceId: account.deviceId, publicKey: toHex(await anna.recipientKey()) }]);
    const contacts = of("contact").map(({ username, verified }) => `${username} ${verified}`).sort();
    assert.deepEqual(contacts, [`${bert.username} true`, `${carl.username} false`].sort());
    const [chat] = of("chat") as unknown as { title: string; chatId: string; draft: string; members: unknown[] }[];
    assert.deepEqual([chat.title, chat.chatId, chat.draft, chat.members.length], ["hikers", group, "begun", 3]);
    const messages = of("message").map(({ sender, text, own, state }) => ({ sender, text, own, state }));
    assert.deepEqual(messages, [
      { sender: anna.username, text: "line one\nline two", own: true, state: "sent" },
      { sender: bert.username, text: "an answer", own: false, state: "received" },
    ]);
    assert.ok(of("notice").some(({ notice }) => notice === "created"));
    assert.deepEqual(lines.at(-1), { type: "end", chats: 1, messages: 2 });
    const page = readPage("docs/export.md");
    for (const name of lines.flatMap(({ type, ...fields }) => [type, ...Object.keys(fields)])) {
      assert.ok(page.includes(`\`${name}\``), `docs/export.md does not name ${name}`);
    }
    assert.ok(of("message").every(({ at, chatId }) => !Number.isNaN(Date.parse(at as string)) && chatId === group));
  },

  "SERVERS 14: no private key, token or state of a group is in it": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username], "hikers");
    await bert.sees(chatId);
    await anna.says(chatId, "hello");
    await anna.settled(chatId);
    const { text } = await exportOf((from) => anna.engine.exportPart(from));
    const disk = await diskOf(anna);
    const device = (await disk.get<StoredDevice>("account", "device"))!;
    const account = await anna.engine.account() as { accountKey: string };
    const { accountKey: bertKey } = await bert.engine.account() as { accountKey: string };
    // What the format names: every other piece of bytes is none of its business.
    const open = [account.accountKey, bertKey, toHex(device.deviceId), toHex(device.recipientKey), chatId].join(" ");
    const found: Uint8Array[] = [];
    for (const store of storeNames.filter((name) => !["meta", "accounts", "messages", "messageids"].includes(name))) {
      for (const { value } of await disk.range(store, "")) found.push(...bytesIn(value));
    }
    const secret = found.filter((bytes) => bytes.length >= 16 && !open.includes(toHex(bytes)));
    assert.ok(secret.length > 10, `${secret.length} secrets looked for`);
    assert.ok(secret.some((bytes) => toHex(bytes) === toHex(device.deviceSeed)));
    const named = new Set([...text.matchAll(/"([0-9a-f]{32,64})"/g)].map(([, hex]) => hex));
    for (const hex of named) {
      const inSecret = secret.filter((bytes) => bytes.length <= 64 && toHex(bytes) === hex);
      assert.deepEqual(inSecret, [], `${hex} is private`);
    }
    for (const bytes of secret) assert.ok(!text.includes(toHex(bytes)) && !text.includes(base64(bytes)));
    for (const word of ["Seed", "Token", "secret", "private", "wrapped", "salt"]) {
      assert.ok(!text.includes(word), word);
    }
  },

  "SERVERS 14: 10,000 messages come part by part, each once and in order": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username], "hikers");
    await anna.says(chatId, "the first");
    await anna.settled(chatId);
    const disk = await diskOf(anna);
    const template = (await disk.range<LineRecord>("messages", `${chatId}/`)).map(({ value }) => value)
      .find(({ kind }) => kind === "message")!;
    const count = 10_000;
    for (let at = 0; at < count; at += 500) {
      await disk.write({
        puts: Array.from({ length: 500 }, (_, index) => {
          const order = `${template.order}~${String(at + index).padStart(6, "0")}`;
          const line = {
            ...template,
            order,
            messageId: (at + index).toString(16).padStart(32, "0"),
            text: `no ${at + index}`,
          };
          return { store: "messages" as const, key: keys.line(chatId, order), value: line };
        }),
      });
    }
    const { lines, parts, longest } = await exportOf((from) => exportPart(disk, 0, from));
    const texts = lines.filter(({ type }) => type === "message").map(({ text }) => text);
    assert.deepEqual(texts, ["the first", ...Array.from({ length: count }, (_, index) => `no ${index}`)]);
    assert.ok(parts > 40 && longest < 200 * 1024, `${parts} parts of at most ${longest} characters`);
    assert.deepEqual(lines.at(-1), { type: "end", chats: 1, messages: count + 1 });
  },

  "SERVERS 14: of 200 chats each is looked at a few times, and each is in it": async ({ join }) => {
    const anna = await join("anna");
    const chatId = await anna.engine.startChat([(await join("bert")).username], "hikers");
    await anna.settled(chatId);
    const disk = await diskOf(anna);
    const [{ value: group }] = await disk.range("groups", "");
    const members = await disk.get("epochs", keys.members(chatId));
    const count = 200;
    const ids = Array.from({ length: count - 1 }, (_, at) => at.toString(16).padStart(64, "0"));
    await disk.write({
      puts: ids.flatMap((id, at) => [
        { store: "groups" as const, key: id, value: { ...group as object, hidden: at % 2 === 0 } },
        ...(members === undefined ? [] : [{ store: "epochs" as const, key: keys.members(id), value: members }]),
      ]),
    });
    let looks = 0;
    const range = disk.range.bind(disk);
    disk.range = (async (store: "groups", prefix: string, options: object) => {
      const found = await range(store, prefix, options);
      if (store === "groups") looks += found.length;
      return found;
    }) as typeof disk.range;
    const { lines } = await exportOf((from) => exportPart(disk, 0, from));
    assert.deepEqual(
      lines.filter(({ type }) => type === "chat").map((line) => line.chatId),
      [...ids.filter((_, at) => at % 2 === 1), chatId].sort(),
    );
    assert.ok(looks < count * 20, `${looks} looks at ${count} chats`);
  },

  "SERVERS 14: it can be made once the session has ended, and not of an empty profile": async ({ core, join }) => {
    const anna = await join("anna");
    const second = await anna.secondDevice(core);
    try {
      const { deviceId } = (await anna.engine.devices()).find(({ current }) => !current)!;
      await anna.engine.revokeDevice(deviceId, "correct horse battery staple");
      await second.until(async () => (await second.engine.account()).kind === "ended", "the end");
      const { lines } = await exportOf((from) => second.engine.exportPart(from));
      assert.equal((lines.find(({ type }) => type === "account") as Line).username, anna.username);
      await second.engine.signOut();
      for (const [from, code] of [[undefined, "L002"], ["{}", "L002"]] as const) {
        await assert.rejects(second.engine.exportPart(from), (error) => (error as EngineError).problem.code === code);
      }
      for (const from of ["", "{}", "null", '{"chatId":"x","done":0,"messages":0}', '{"chatId":"","done":1.5}']) {
        await assert.rejects(anna.engine.exportPart(from), (error) => (error as EngineError).problem.code === "L038");
      }
    } finally {
      await second.close();
    }
  },
});
