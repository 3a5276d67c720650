import assert from "node:assert/strict";
import { EngineError, LocalCode } from "../engine/api.ts";
import { Outbox } from "./outbox.ts";
import type { OutboxRecord } from "./records.ts";
import type { SyncContext } from "./sync_context.ts";

const chatId = "07".repeat(32);

Deno.test("Outbox lets a message wait without looking again by itself while a key is changed, and sends it at a kick after the decision", async () => {
  const waits: OutboxRecord = { chatId, messageId: "01".repeat(16), order: "1", kind: "message", content: new Uint8Array(), sealed: { epoch: 1, envelope: new Uint8Array(3) } };
  const seen = { looks: 0, timers: 0, sent: [] as string[] };
  let changed = true;
  const context = {
    account: { clock: { now: () => 0 } },
    store: { range: () => Promise.resolve([{ key: "", value: waits }]), get: () => Promise.resolve(undefined) },
    chats: { get: () => ({ record: { active: true, epoch: 1, channelId: new Uint8Array(32).fill(7) } }), update: (work: (unit: unknown) => Promise<void>) => work({ chat: () => Promise.resolve(undefined), delete: () => {} }) },
    rpc: { call: (method: { name: string }) => Promise.resolve(seen.sent.push(method.name)) },
    environment: { after: () => seen.timers++ },
  };
  const outbox = new Outbox(context as unknown as SyncContext, {
    blockedBy: () => Promise.resolve(undefined),
    requireUnchanged: () => {
      seen.looks++;
      return changed ? Promise.reject(new EngineError({ code: LocalCode.keyChanged, detail: "" })) : Promise.resolve();
    },
    unblock: () => {},
    sent: () => {},
    suspect: () => {},
  });
  await outbox.load();
  outbox.connected();
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual([seen, outbox.waiting], [{ looks: 1, timers: 0, sent: [] }, 0]);
  changed = false;
  outbox.kick(chatId);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(seen.sent, ["publish"]);
  outbox.close();
});
