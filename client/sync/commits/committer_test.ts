import assert from "node:assert/strict";
import type { SyncContext } from "../conversation/sync_context.ts";
import { Committer } from "./committer.ts";

const chatId = "07".repeat(32);

Deno.test("Committer sends nothing before connected(), whatever asks for it", async () => {
  const pending = { plan: { purpose: "update", add: [], remove: [] }, commit: new Uint8Array(1), attempt: 1 };
  const record = { standing: { kind: "member" }, epoch: 1, channelId: new Uint8Array(32) };
  const chat = { id: chatId, record, pending };
  let looks = 0;
  const context = {
    conversations: { get: () => chat, all: () => [chat] },
    // The first that a sending needs.
    mls: {
      decodePending: () => {
        looks++;
        throw new Error("nothing more is needed here");
      },
    },
    environment: {
      random: () => 0,
      after: (delayMs: number, run: () => void) => {
        if (delayMs < 50) queueMicrotask(run);
        return () => {};
      },
    },
    problem: () => {},
  };
  const committer = new Committer(context as unknown as SyncContext);
  const settled = () => new Promise((resolve) => setTimeout(resolve, 10));
  committer.rebuildSoon(chatId);
  void committer.sendBuilt(chatId).catch(() => {});
  await settled();
  assert.equal(looks, 0);
  committer.connected();
  await settled();
  assert.equal(looks, 1);
  committer.disconnected();
  committer.rebuildSoon(chatId);
  await settled();
  assert.equal(looks, 1);
  committer.connected();
  await settled();
  assert.equal(looks, 2);
  committer.close();
});

Deno.test("Committer tells the callers of a commit that was voided while it was sent", async () => {
  const pending = { plan: { purpose: "readd", add: [], remove: [] }, commit: new Uint8Array(1), attempt: 1 };
  const record = { standing: { kind: "member" }, epoch: 1, channelId: new Uint8Array(32) };
  const chat: { id: string; record: typeof record; pending?: typeof pending } = { id: chatId, record, pending };
  const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
  const context = {
    conversations: { get: () => chat, all: () => [chat] },
    mls: {
      decodePending: () => ({
        baseEpoch: 1n,
        commitId: new Uint8Array(16),
        bundle: { sealedCommit: new Uint8Array(1), sealedWelcome: new Uint8Array(), headers: [] },
        removed: [],
        added: [],
      }),
    },
    rpc: { call: () => answered },
    environment: {
      random: () => 0,
      after: (_delayMs: number, run: () => void) => {
        queueMicrotask(run);
        return () => {};
      },
    },
    problem: () => {},
  };
  const committer = new Committer(context as unknown as SyncContext);
  committer.connected();
  const outcome = committer.sendBuilt(chatId).then(() => "done", ({ problem }) => problem.code);
  await new Promise((resolve) => setTimeout(resolve, 10));
  // The conversation moves to a replacement channel, where this commit is of no use.
  delete chat.pending;
  committer.rebuildSoon(chatId);
  await new Promise((resolve) => setTimeout(resolve, 10));
  answer();
  const late = new Promise((resolve) => setTimeout(() => resolve("waits for ever"), 200));
  assert.equal(await Promise.race([outcome, late]), "L010");
  await late;
  committer.close();
});
