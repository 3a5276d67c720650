import assert from "node:assert/strict";
import { toHex } from "../../../schema/bytes.ts";
import type { DeviceList } from "../../../schema/device_list.ts";
import { ErrorCode, WireError } from "../../../schema/rpc/errors.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import type { Committer } from "../commits/committer.ts";
import { DeviceAdder } from "./device_adder.ts";
import type { KeyPackageFetch } from "./key_package_fetch.ts";

const key = (fill: number) => new Uint8Array(32).fill(fill);
const accountKey = key(2);
const device = { deviceId: new Uint8Array(16).fill(5), recipientKey: key(5) };
const list = { accountKey, version: 2, devices: [device] } as unknown as DeviceList;
const group = { channelId: key(9), members: [] };

/** @param fetch what the server answers to a fetch */
function setting(fetch: () => Promise<unknown[]>) {
  let nowMs = 1_000;
  let isMissing = true;
  const plans: unknown[] = [];
  const timers: { dueMs: number; run: () => void }[] = [];
  const context = {
    account: { recipientKey: key(1), directory: { byKey: () => Promise.resolve({}) } },
    environment: {
      now: () => nowMs,
      random: () => 0,
      after: (delayMs: number, run: () => void) => {
        const timer = { dueMs: nowMs + delayMs, run };
        timers.push(timer);
        return () => void timers.splice(timers.indexOf(timer), 1);
      },
    },
  } as unknown as SyncContext;
  const adder = new DeviceAdder(context, {
    committer: {
      commit: async (_chatId: string, makePlan: (conversation: ConversationTransaction) => Promise<unknown>) =>
        void plans.push(await makePlan({} as ConversationTransaction)),
    } as unknown as Committer,
    keyPackages: { ofDevices: fetch } as unknown as KeyPackageFetch,
    diffOf: () =>
      Promise.resolve({ missing: isMissing ? [{ accountKey: toHex(accountKey), device }] : [], revoked: [] }),
  });
  return {
    adder,
    plans,
    waitsMs: () => timers.map(({ dueMs }) => dueMs - nowMs),
    added: () => isMissing = false,
    async pass(ms: number) {
      nowMs += ms;
      for (const timer of timers.filter(({ dueMs }) => dueMs <= nowMs)) {
        timers.splice(timers.indexOf(timer), 1);
        timer.run();
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    },
  };
}

Deno.test("PEOPLE B1: a device fetches a KeyPackage at its turn, and none if another one was faster", async () => {
  let fetches = 0;
  const fetch = () => Promise.resolve([++fetches]);
  for (const faster of [false, true]) {
    const { adder, waitsMs, pass, added, plans } = setting(fetch);
    adder.giveTurn("chat", toHex(accountKey), 2);
    await adder.missing("chat", group, [list]);
    assert.deepEqual(waitsMs(), [2_000]);
    if (faster) added();
    await pass(2_000);
    assert.equal(plans.length, 1);
    assert.equal(plans[0] === undefined, faster);
  }
  assert.equal(fetches, 1);
});

Deno.test("PEOPLE B1: what the server puts off is fetched later; anything else waits for the next look", async () => {
  const answers = [
    () => Promise.reject(new WireError(ErrorCode.rateLimited, "too many", 4_000)),
    () => Promise.resolve([1]),
    () => Promise.reject(new WireError(ErrorCode.noKeyPackageLeft, "none")),
  ];
  const { adder, waitsMs, pass, plans } = setting(() => answers.shift()!());
  adder.giveTurn("chat", toHex(accountKey), 0);
  await adder.missing("chat", group, [list]);
  await pass(0);
  assert.deepEqual([waitsMs(), adder.busy], [[4_000], true]);
  await pass(4_000);
  assert.equal(plans.length, 1);
  await adder.missing("chat", group, [list]);
  await pass(0);
  assert.deepEqual([answers.length, waitsMs(), adder.busy], [0, [], false]);
});
