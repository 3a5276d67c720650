import assert from "node:assert/strict";
import { createConversationEvents } from "../sync/conversation/conversation_events.ts";
import type { SyncContext } from "../sync/conversation/sync_context.ts";
import type { SealedBatch } from "../storage/sealed_store.ts";
import { Faces } from "./faces.ts";

Deno.test("CONVERSATIONS: a device keeps the profiles of a bounded number of accounts, the newest", async () => {
  const deleted: string[] = [];
  const events = createConversationEvents();
  const write = ({ deletes = [] }: SealedBatch) => Promise.resolve(void deleted.push(...deletes.map(({ key }) => key)));
  const context = {
    events,
    ownKey: "own",
    account: { clock: { now: () => 1 }, settings: { content: {}, isBlocked: () => false } },
    store: { write },
    environment: { after: () => () => {} },
  } as unknown as SyncContext;
  let changes = 0;
  const failed: unknown[] = [];
  const report = (error: unknown) => void failed.push(error);
  const faces = new Faces(context, {} as never, { files: {} as never, changed: () => void changes++, report });
  const tell = (account: number, v: number) => events.emit("faceChanged", String(account), { v, name: "A", atMs: v });
  for (let account = 0; account < 5_000; account++) tell(account, 1);
  tell(0, 2);
  tell(5_000, 1);
  assert.deepEqual([faces.of("0").displayName, faces.of("1").displayName], ["A", undefined]);
  assert.equal(faces.of("5000").displayName, "A");
  await Promise.resolve();
  assert.deepEqual([deleted, failed, changes], [["face/1"], [], 5_002]);
});

Deno.test("CONVERSATIONS: a kept profile whose number is far ahead counts as none, the own one too", async () => {
  const nowMs = 1_800_000_000_000;
  let content = { profile: { v: Number.MAX_SAFE_INTEGER, name: "Frozen" } };
  const settings = {
    get content() {
      return content;
    },
    isBlocked: () => false,
    change: (to: (before: typeof content) => typeof content) => Promise.resolve(void (content = to(content))),
  };
  const kept = [
    { key: "face/aa", value: { v: nowMs + 86_400_001, name: "Ahead", atMs: nowMs } },
    { key: "face/bb", value: { v: nowMs + 86_400_000, name: "Bert", atMs: nowMs } },
  ];
  const context = {
    events: createConversationEvents(),
    ownKey: "own",
    account: { clock: { now: () => nowMs }, settings },
    store: { range: () => Promise.resolve(kept) },
    environment: { after: () => () => {} },
  } as unknown as SyncContext;
  const faces = new Faces(context, {} as never, { files: {} as never, changed: () => {}, report: () => {} });
  await faces.load();
  assert.deepEqual(["aa", "bb", "own"].map((key) => faces.of(key).displayName), [undefined, "Bert", undefined]);
  await faces.change({ displayName: "Anna" });
  assert.deepEqual([content.profile, faces.own()], [{ v: nowMs, name: "Anna" }, { displayName: "Anna" }]);
});
