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
      now: () => 0,
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

Deno.test("PEOPLE A7: a member's word makes five replacements in 24 h, and no more", async () => {
  const chatId = "07".repeat(32);
  let [nowMs, acted] = [0, 0];
  const context = {
    account: { recipientKey: new Uint8Array(32) },
    mls: { members: () => [] },
    conversations: { get: () => void acted++ },
    environment: {
      now: () => nowMs,
      random: () => 0,
      after: (_delayMs: number, run: () => void) => {
        queueMicrotask(run);
        return () => {};
      },
    },
  };
  const admins = new Admins(context as unknown as SyncContext, () => Promise.resolve());
  const found = { record: { channelId: new Uint8Array(32) } as ConversationRecord, state: {} as GroupState };
  const say = async (kind: "lead" | "ahead" | "parted") => {
    for (let times = 0; times < 10; times++, nowMs += togetherMs) {
      await admins.leadAtWord(kind, chatId, found);
      await Promise.resolve();
    }
    return acted;
  };
  assert.deepEqual([await say("lead"), await say("ahead"), await say("parted")], [5, 10, 20]);
  nowMs += 24 * 3_600_000;
  assert.equal(await say("lead"), 25);
  admins.close();
});
