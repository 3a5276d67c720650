import assert from "node:assert/strict";
import type { GroupState } from "../../mls/group.ts";
import { type ConversationRecord, togetherMs } from "../conversation/records.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { Admins } from "./admins.ts";

Deno.test("leadAtWord() acts once in ten minutes for each kind of request", async () => {
  const chatId = "07".repeat(32);
  const waits: { delayMs: number; run: () => void }[] = [];
  let acted = 0;
  const context = {
    account: { recipientKey: new Uint8Array(32) },
    mls: { members: () => [] },
    conversations: { get: () => void acted++ },
    environment: {
      random: () => 0,
      after: (delayMs: number, run: () => void) => {
        if (delayMs > 0) waits.push({ delayMs, run });
        else queueMicrotask(run);
        return () => {};
      },
    },
  };
  const admins = new Admins(context as unknown as SyncContext, () => Promise.resolve());
  const found = {
    record: { channelId: new Uint8Array(32) } as ConversationRecord,
    state: {} as GroupState,
    member: undefined as never,
  };
  await admins.leadAtWord("lead", chatId, found);
  await admins.leadAtWord("lead", chatId, found);
  assert.equal(acted, 1);
  await admins.leadAtWord("ahead", chatId, found);
  assert.equal(acted, 2);
  assert.deepEqual(waits.map(({ delayMs }) => delayMs), [togetherMs, togetherMs]);
  waits[0].run();
  await admins.leadAtWord("lead", chatId, found);
  assert.equal(acted, 3);
  admins.close();
});
