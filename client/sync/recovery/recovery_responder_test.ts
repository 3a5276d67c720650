import assert from "node:assert/strict";
import { toHex } from "../../../schema/bytes.ts";
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
  const asks = async (device: number, times: number, chat = chatId) => {
    for (let count = 0; count < times; count++) {
      const from = new Uint8Array(32).fill(device);
      const content = { kind: "readd" as const, n: 3, commitId: none, request: none, keyPackage: none };
      await responder.answer(chat, { channelId, from, to: recipientKey, content } as DeviceMessage);
    }
    return sent.filter((to) => to === device).length;
  };
  return { time, asks };
}

Deno.test("PEOPLE B3: RecoveryResponder.answer() answers a device in each chat, 128 times an hour in all", async () => {
  const { time, asks } = await outOfStep();
  for (let chat = 0; chat < 16; chat++) assert.equal(await asks(1, 9, `chat ${chat}`), 8 * (chat + 1));
  assert.equal(await asks(1, 1, "another"), 128);
  assert.equal(await asks(2, 1, "another"), 1);
  time.nowMs = 3_600_000;
  assert.equal(await asks(1, 1, "another"), 129);
});

Deno.test("RecoveryResponder.answer() answers a device 8 times an hour, and others meanwhile", async () => {
  const { time, asks } = await outOfStep();
  assert.equal(await asks(1, 10), 8);
  assert.equal(await asks(2, 1), 1);
  time.nowMs = 3_599_999;
  assert.equal(await asks(1, 1), 8);
  time.nowMs++;
  assert.equal(await asks(1, 1), 9);
});

Deno.test("PEOPLE A8: RecoveryResponder.answer() seals no secret again from before the asker joined", async () => {
  const { publicKey: recipientKey, seed: deviceSeed } = await generateEd25519();
  const [old, late] = [1, 2].map((device) => new Uint8Array(32).fill(device));
  const commitId = new Uint8Array(16);
  const sealed: [number, number][] = [];
  const epoch = (n: number, added: string[]) => ({ n, commitId: toHex(commitId), S: new Uint8Array(32), added });
  const context = {
    account: { recipientKey, deviceSeed, directory: { byKey: () => Promise.resolve(undefined) } },
    conversations: {
      get: () => ({ record: { channelId, standing: { kind: "member" } } }),
      withState: () => Promise.resolve({ active: true }),
    },
    environment: { now: () => 0 },
    mls: {
      members: () => [old, late].map((key) => ({ recipientKey: key, credential: {}, xwingPublicKey: none })),
      resealHeader: ({ n, recipientKey: to }: { n: bigint; recipientKey: Uint8Array }) => {
        sealed.push([to[0], Number(n)]);
        return Promise.resolve(new Uint8Array(1168));
      },
    },
    store: { get: () => Promise.resolve([epoch(4, []), epoch(5, [toHex(late)]), epoch(6, [])]) },
    rpc: { call: () => Promise.resolve({}) },
  } as unknown as SyncContext;
  const responder = new RecoveryResponder(context, {} as Committer);
  for (const from of [old, late]) {
    for (const n of [4, 5, 6]) {
      const content = { kind: "reseal" as const, n, commitId };
      await responder.answer(chatId, { channelId, from, to: recipientKey, content } as DeviceMessage);
    }
  }
  assert.deepEqual(sealed, [[1, 4], [1, 5], [1, 6], [2, 5], [2, 6]]);
});

Deno.test("RecoveryResponder.answer() answers again when its clock was a day ahead and is set back", async () => {
  const { time, asks } = await outOfStep();
  time.nowMs = 24 * 3_600_000;
  assert.equal(await asks(1, 9), 8);
  time.nowMs = 0;
  assert.equal(await asks(1, 1), 9);
});
