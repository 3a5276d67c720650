import assert from "node:assert/strict";
import { opaqueSuite } from "../../schema/signed_call.ts";
import { importWrappingKey } from "../storage/sealed_store.ts";
import { MemoryStorage } from "../storage/testing/memory.ts";
import { password, Person, suite } from "../testing/person.ts";
import { testEnvironment } from "../testing/test_environment.ts";
import type { EngineEvent, Progress } from "../api/engine_api.ts";
import { Engine } from "./engine.ts";
import { withProgress } from "./progress.ts";

suite("an engine's life", {
  "before sign-in there are no chats, and calls that need an account reject with a code": async ({ core }) => {
    const nobody = await Person.device(core, "nobody");
    assert.deepEqual([await nobody.engine.account(), await nobody.engine.chats()], [{ kind: "signed-out" }, []]);
    await assert.rejects(nobody.engine.startChat(["someone"]), /L002/);
    await assert.rejects(nobody.engine.signIn("nobody-at-all", password), /L022/);
    await nobody.close();
  },

  "signing out ends the session and deletes everything; another account can sign in after it": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username]);
    await anna.says(chatId, "secret");
    await anna.engine.signOut();
    assert.deepEqual([await anna.engine.account(), await anna.engine.chats(), await anna.engine.connection()], [
      { kind: "signed-out" },
      [],
      { kind: "offline" },
    ]);
    assert.ok(!anna.events.some((event) => event.kind === "account" && event.account.kind === "ended"));
    const left = await Promise.all(
      (["account", "groups", "epochs", "messages", "outbox"] as const).map((store) => anna.storage.range(store, "")),
    );
    assert.deepEqual(left.flat(), []);
    await anna.engine.createAccount(`${anna.username}x`, password);
    await anna.connected();
    await anna.engine.startChat([bert.username]);
  },

  "an unknown name, too many names, a long text and a missing connection have their own codes": async ({ join }) => {
    const anna = await join("anna");
    await assert.rejects(anna.engine.startChat(["no-such-person"]), /L004/);
    const crowd = Array.from({ length: 501 }, (_, index) => `person${index}`);
    await assert.rejects(anna.engine.startChat(crowd, "crowd"), /L027/);
    await assert.rejects(anna.engine.send("00".repeat(32), "00".repeat(16), "hello"), /L010/);
    const bert = await join("bert");
    assert.deepEqual(await anna.engine.findPeople(bert.username), [bert.username]);
    assert.deepEqual(await anna.engine.findPeople(anna.username), []);
    const chatId = await anna.engine.startChat([bert.username]);
    await assert.rejects(anna.says(chatId, "x".repeat(16 * 1024 + 1)), /L011/);
    anna.online = false;
    await anna.crash();
    await assert.rejects(anna.engine.startChat([bert.username], "offline"), /L001/);
  },

  "unread messages are counted until they are read, and pages lead back to the start": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username]);
    for (let count = 0; count < 12; count++) await anna.says(chatId, `line ${count}`);
    await bert.sees(chatId, ({ unread }) => unread === 12);
    await bert.readsAll(chatId);
    assert.equal((await bert.chat(chatId))!.unread, 0);
    assert.equal((await bert.chat(chatId))!.lastMessage!.text, "line 11");
    const pages: number[] = [];
    let before: string | undefined;
    do {
      const page = await bert.engine.timeline(chatId, before, 5);
      pages.push(page.items.length);
      before = page.before;
    } while (before);
    assert.deepEqual(pages, [5, 5, 3], "twelve messages and the line about the start");
  },

  "a second engine of the same profile takes over, and the first can write no more": async ({ join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username]);
    const first = anna.engine;
    await anna.start();
    await assert.rejects(first.send(chatId, "11".repeat(16), "from the past"), /L036/);
    await anna.says(chatId, "from the present");
    await bert.hears(chatId, anna.username, ["from the present"]);
  },

  "settled() waits until the server has everything or its signal aborts": async ({ core, join }) => {
    const [anna, bert] = [await join("anna"), await join("bert")];
    const chatId = await anna.engine.startChat([bert.username]);
    anna.refuses = (method) => method === "publish";
    await anna.says(chatId, "on its way");
    await assert.rejects(anna.engine.settled(AbortSignal.timeout(100)), /imeout|timed out/);
    let settled = false;
    const waiting = anna.engine.settled(AbortSignal.timeout(60_000)).then(() => settled = true);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(settled, false);
    anna.refuses = () => false;
    await waiting;
    assert.deepEqual((await anna.items(chatId)).flatMap((item) => item.kind === "message" ? [item.state] : []), [
      "sent",
    ]);
    await bert.hears(chatId, anna.username, ["on its way"]);
    const nobody = await Person.device(core, "nobody");
    await nobody.engine.settled(AbortSignal.timeout(1));
    await nobody.close();
  },

  "signing out on one device leaves the account's other device signed in": async ({ core, join }) => {
    const anna = await join("anna");
    const second = await anna.secondDevice(core);
    await second.engine.signOut();
    assert.equal((await anna.engine.account()).kind, "signed-in");
    await second.close();
  },
});

Deno.test("Engine.open() without a network gives an engine that answers", async () => {
  const events: EngineEvent[] = [];
  const engine = await Engine.open({
    storage: new MemoryStorage(),
    wrappingKey: await importWrappingKey(crypto.getRandomValues(new Uint8Array(32))),
    transport: { connect: () => Promise.reject(new Error("no network")) },
    environment: testEnvironment(1),
    suite: { tag: opaqueSuite, harden: (y) => Promise.resolve(y) },
    listener: (event) => events.push(event),
  });
  await assert.rejects(engine.signIn("someone", password), /L001/);
  await engine.close();
});

Deno.test("withProgress() reports nothing for fast work, and the latest state of slow work until its end", async () => {
  const told: (Progress | undefined)[] = [];
  const tell = (progress: Progress | undefined) => {
    told.push(progress);
  };
  let ring = () => {};
  const environment = { ...testEnvironment(1), after: (_delayMs: number, run: () => void) => (ring = run, () => {}) };
  await withProgress(environment, "creating-chat", tell, () => Promise.resolve());
  assert.deepEqual(told, []);
  await withProgress(environment, "adding-people", tell, (advance) => {
    advance(1, 3);
    ring();
    advance(2, 3);
    return Promise.resolve();
  });
  assert.deepEqual(told, [
    { task: "adding-people", done: 1, total: 3 },
    { task: "adding-people", done: 2, total: 3 },
    undefined,
  ]);
});
