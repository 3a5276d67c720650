import assert from "node:assert/strict";
import { importWrappingKey, SealedStore } from "../../storage/sealed_store.ts";
import { MemoryStorage } from "../../storage/testing/memory.ts";
import { StorageError } from "../../storage/storage.ts";
import { Drafts, maxDraftBytes } from "./drafts.ts";
import { UnitOfWork } from "./unit_of_work.ts";

async function device(storage = new MemoryStorage()) {
  const key = await importWrappingKey(new Uint8Array(32).fill(7));
  const store = new SealedStore(storage, key);
  await store.takeFence();
  let told = 0;
  const drafts = new Drafts(store);
  drafts.watch(() => void told++);
  await drafts.load();
  /** A message is stored: with all that its unit puts. */
  const send = async (text: string, meanwhile = () => {}) => {
    const unit = new UnitOfWork(
      () => Promise.resolve(undefined),
      () => Promise.reject(new Error("no chat")),
      () => undefined,
      () => undefined,
    );
    await drafts.sent(unit, "chat", text);
    meanwhile();
    await store.write(unit.batch());
    unit.runOnceStored();
  };
  const stored = async () => (await device(storage.restarted())).drafts.of("chat");
  return { storage, drafts, send, stored, told: () => told };
}

Deno.test("PEOPLE B7: a draft is on disk when it is kept, the newest one, and is told to the list", async () => {
  const { drafts, stored, told } = await device();
  await Promise.all(["h", "he", "hel", "hello"].map((text) => drafts.keep("chat", text)));
  assert.deepEqual([drafts.of("chat"), await stored(), told()], ["hello", "hello", 4]);
  await drafts.keep("chat", "hello");
  assert.equal(told(), 4, "nothing has changed");
  await drafts.keep("chat", "");
  assert.deepEqual([drafts.of("chat"), await stored()], [undefined, undefined]);
});

Deno.test("PEOPLE B7: a message takes its draft away, also one whose last letters were not kept yet", async () => {
  const { drafts, send, stored } = await device();
  const keeping = drafts.keep("chat", "hello w");
  await send("hello world");
  await keeping;
  assert.deepEqual([drafts.of("chat"), await stored()], [undefined, undefined]);
});

Deno.test("PEOPLE B7: a draft that is another text stays, and one that is begun meanwhile", async () => {
  const { drafts, send, stored } = await device();
  await drafts.keep("chat", "in another tab");
  await send("hello");
  assert.deepEqual([drafts.of("chat"), await stored()], ["in another tab", "in another tab"]);
  let keeping: Promise<void> | undefined;
  await send("in another tab, sent", () => void (keeping = drafts.keep("chat", "next")));
  await keeping;
  for (let tries = 0; await stored() !== "next" && tries < 100; tries++) await Promise.resolve();
  assert.deepEqual([drafts.of("chat"), await stored()], ["next", "next"]);
});

Deno.test("PEOPLE B7: a draft that finds no room is kept in memory, and stored with the next change", async () => {
  const { storage, drafts, stored } = await device();
  storage.failWrite(1, "lose");
  await assert.rejects(drafts.keep("chat", "hello"), StorageError);
  assert.deepEqual([drafts.of("chat"), await stored()], ["hello", undefined]);
  await drafts.keep("chat", "hello again");
  assert.equal(await stored(), "hello again");
});

Deno.test("a draft of more than 64 KiB is refused with L011", async () => {
  const { drafts } = await device();
  await drafts.keep("chat", "x".repeat(maxDraftBytes));
  await assert.rejects(
    drafts.keep("chat", "é".repeat(maxDraftBytes / 2) + "x"),
    (error: { problem?: { code: string } }) => error.problem?.code === "L011",
  );
});
