import assert from "node:assert/strict";
import { generateEd25519 } from "../../../schema/ed25519.ts";
import { delivery } from "../../../schema/rpc/methods.ts";
import type { Committer } from "../commits/committer.ts";
import type { ConversationRecord } from "../conversation/records.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import type { DeviceMessage } from "../device_messages/device_messages.ts";
import { RecoveryResponder } from "./recovery_responder.ts";

const chatId = "07".repeat(32);
const channelId = new Uint8Array(32).fill(7);
const none = new Uint8Array();

/** A device that needs help itself and says so to whoever asks it. `sent`: what it sent, by recipient. */
async function outOfStep() {
  const { publicKey: recipientKey, seed: deviceSeed } = await generateEd25519();
  const time = { nowMs: 0 };
  const sent: number[] = [];
  const record = { channelId, standing: { kind: "out-of-step", desync: { code: "fork", epoch: 3, need: "readd" } } };
  const context = {
    account: { recipientKey, deviceSeed },
    conversations: { get: () => ({ record: record as unknown as ConversationRecord }) },
    environment: { now: () => time.nowMs },
    rpc: {
      call: (method: unknown, { recipientKey: to }: { recipientKey: Uint8Array }) => {
        assert.equal(method, delivery.enqueue);
        sent.push(to[0]);
        return Promise.resolve({});
      },
    },
  } as unknown as SyncContext;
  const responder = new RecoveryResponder(context, {} as Committer);
  const asks = async (device: number, times: number) => {
    for (let count = 0; count < times; count++) {
      const from = new Uint8Array(32).fill(device);
      const content = { kind: "readd" as const, n: 3, commitId: none, request: none, keyPackage: none };
      await responder.answer(chatId, { channelId, from, to: recipientKey, content } as DeviceMessage);
    }
    return sent.filter((to) => to === device).length;
  };
  return { time, asks };
}

Deno.test("RecoveryResponder.answer() answers a device 8 times an hour, and others meanwhile", async () => {
  const { time, asks } = await outOfStep();
  assert.equal(await asks(1, 10), 8);
  assert.equal(await asks(2, 1), 1);
  time.nowMs = 3_599_999;
  assert.equal(await asks(1, 1), 8);
  time.nowMs++;
  assert.equal(await asks(1, 1), 9);
});
