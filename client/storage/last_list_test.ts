import assert from "node:assert/strict";
import type { LastList } from "../api/last_list.ts";
import type { ChatSummary } from "../api/engine_api.ts";
import { LastListKeeper, lastListPlace, mostChats, mostMembers, openLastList } from "./last_list.ts";
import { importWrappingKey, SealedStore } from "./sealed_store.ts";
import { MemoryStorage } from "./testing/memory.ts";

const account: LastList["account"] = { kind: "signed-in", username: "anna", accountKey: "aa", deviceId: "bb" };

function chat(title: string, more: Partial<ChatSummary> = {}): ChatSummary {
  return {
    chatId: title,
    title,
    kind: "group",
    members: [],
    invitation: false,
    active: true,
    features: [],
    unread: 0,
    activityMs: 1,
    ...more,
  };
}

/** A keeper over a storage in memory, whose time the test moves. */
async function keeper(chats: ChatSummary[]) {
  const storage = new MemoryStorage();
  const wrappingKey = await importWrappingKey(new Uint8Array(32).fill(7));
  const store = new SealedStore(storage, wrappingKey);
  await store.takeFence();
  const timers = new Set<() => void>();
  const list: { now: LastList | undefined } = { now: { account, chats } };
  const kept = new LastListKeeper({
    store,
    clock: {
      after: (_ms, run) => {
        timers.add(run);
        return () => timers.delete(run);
      },
    },
    list: () => list.now,
  });
  return {
    kept,
    store,
    list,
    /** Nothing changes for a moment. */
    quiet: async () => {
      for (const run of [...timers]) {
        timers.delete(run);
        run();
      }
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
    },
    onDisk: async () => {
      const sealed = await storage.get(lastListPlace.store, lastListPlace.key);
      return sealed && await openLastList(wrappingKey, sealed);
    },
    wrappingKey,
    storage,
  };
}

Deno.test("the last list is written once nothing changes, and gone with the write that changes it", async () => {
  const { kept, store, list, quiet, onDisk } = await keeper([chat("one")]);
  kept.begin();
  assert.equal(await onDisk(), undefined);
  await quiet();
  assert.deepEqual(await onDisk(), { version: 1, account, chats: [chat("one")] });
  await store.write({ puts: [{ store: "groups", key: "one", value: { title: "two" } }] });
  assert.equal(await onDisk(), undefined, "in the same transaction");
  list.now = { account, chats: [chat("two")] };
  await quiet();
  assert.deepEqual((await onDisk())?.chats.map(({ title }) => title), ["two"]);
  for (const key of ["sync", "time", "vault"]) await store.write({ puts: [{ store: "account", key, value: 1 }] });
  await store.write({ puts: [{ store: "keypackages", key: "00", value: 1 }] });
  assert.notEqual(await onDisk(), undefined, "the list shows none of these");
  await store.clear();
  list.now = undefined;
  await quiet();
  assert.equal(await onDisk(), undefined, "nothing is left of an account that is signed out");
  kept.close();
});

Deno.test("the last list holds the first chats, and no text that is to disappear", async () => {
  const last = { text: "until tomorrow", sender: "bert", atMs: 1 };
  const many = Array.from({ length: mostChats + 3 }, (_, index) => chat(`chat ${index}`, { lastMessage: last }));
  many[1] = { ...many[1], timerMs: 86_400_000 };
  const member = { username: "bert", accountKey: "cc", self: false } as ChatSummary["members"][number];
  many[2] = { ...many[2], members: new Array(mostMembers + 1).fill(member) };
  many[3] = { ...many[3], lastMessage: { ...last, passes: true } };
  const { kept, quiet, onDisk } = await keeper(many);
  kept.begin();
  await quiet();
  const { chats } = (await onDisk())!;
  assert.equal(chats.length, mostChats);
  assert.equal(chats[2].members.length, mostMembers);
  const texts = chats.slice(0, 5).map(({ lastMessage }) => lastMessage?.text);
  assert.deepEqual(texts, [last.text, undefined, last.text, undefined, last.text]);
  kept.close();
});

Deno.test("a change that was refused leaves the last list, and one that is under way has none written", async () => {
  const { kept, store, storage, quiet, onDisk } = await keeper([chat("one")]);
  kept.begin();
  await quiet();
  const change = { store: "groups", key: "one", value: 1 } as const;
  await store.write({ puts: [change] });
  await quiet();
  await assert.rejects(store.write({ puts: [change], absent: [{ store: "groups", key: "one" }] }));
  assert.notEqual(await onDisk(), undefined, "nothing of it was written");
  // The storage holds the next write back, and takes those behind it.
  const held = Promise.withResolvers<void>();
  const lists: boolean[] = [];
  const write = storage.write.bind(storage);
  storage.write = async (batch) => {
    lists.push(batch.puts?.some(({ key }) => key === lastListPlace.key) ?? false);
    if (lists.length === 1) await held.promise;
    await write(batch);
  };
  const writing = store.write({ puts: [change] });
  kept.begin();
  await quiet();
  assert.deepEqual(lists, [false], "nobody knows yet which list is on disk");
  held.resolve();
  await writing;
  assert.equal(await onDisk(), undefined, "a change behind a refused one deletes it as well");
  await quiet();
  assert.notEqual(await onDisk(), undefined);
  kept.close();
});

Deno.test("a change while the last list is being written leaves none behind", async () => {
  const { kept, store, list, quiet, onDisk } = await keeper([chat("one")]);
  kept.begin();
  const writing = quiet();
  await store.write({ puts: [{ store: "messages", key: "one/1", value: "a text" }] });
  await writing;
  assert.equal(await onDisk(), undefined);
  list.now = { account, chats: [chat("after")] };
  await quiet();
  assert.deepEqual((await onDisk())?.chats.map(({ title }) => title), ["after"]);
  kept.close();
});

Deno.test("a last list of another version, or under another key, is none", async () => {
  const { kept, quiet, store, storage, wrappingKey } = await keeper([chat("one")]);
  kept.begin();
  await quiet();
  const sealed = (await storage.get(lastListPlace.store, lastListPlace.key))!;
  assert.equal(await openLastList(await importWrappingKey(new Uint8Array(32).fill(8)), sealed), undefined);
  await store.write({ puts: [{ ...lastListPlace, value: { version: 2, account, chats: [] } }] });
  const later = (await storage.get(lastListPlace.store, lastListPlace.key))!;
  assert.equal(await openLastList(wrappingKey, later), undefined);
  kept.close();
});
