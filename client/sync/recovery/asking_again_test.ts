import assert from "node:assert/strict";
import { fromHex, toHex } from "../../../schema/bytes.ts";
import { generateEd25519 } from "../../../schema/ed25519.ts";
import { TransportError } from "../../../schema/rpc/errors.ts";
import { missedKey, type MissedRecord } from "../conversation/missed_messages.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { AskingAgain } from "./asking_again.ts";

const chatId = "07".repeat(32);
const hourMs = 3_600_000;

/** A device in a chat with the devices 1 and 2. `asked`: which device was asked, in this order. */
async function asker() {
  const { publicKey: recipientKey, seed: deviceSeed } = await generateEd25519();
  const members = [1, 2].map((device) => ({ recipientKey: new Uint8Array(32).fill(device) }));
  const disk = new Map<string, MissedRecord>();
  const [time, network] = [{ nowMs: 0 }, { isDown: false }];
  const [asked, timers]: [number[], { atMs: number; run: () => void }[]] = [[], []];
  let looks = 0;
  const record = { channelId: fromHex(chatId), standing: { kind: "member" }, invitation: false, unopened: {} };
  const context = {
    account: { recipientKey, deviceSeed },
    conversations: {
      all: () => [{ id: chatId }],
      get: () => ({ record }),
      withState: () => Promise.resolve({}),
      update: (work: (unit: unknown) => Promise<unknown>) =>
        work({
          conversation: () => Promise.resolve({}),
          put: (_store: string, key: string, value: MissedRecord) => disk.set(key, value),
        }),
    },
    mls: { members: () => members },
    store: {
      get: (_store: string, key: string) => Promise.resolve(disk.get(key)),
      range: () => {
        looks++;
        return Promise.resolve([...disk].map(([key, value]) => ({ key, value })));
      },
    },
    environment: {
      now: () => time.nowMs,
      after: (ms: number, run: () => void) => {
        const timer = { atMs: time.nowMs + ms, run };
        timers.push(timer);
        return () => timers.splice(timers.indexOf(timer), 1);
      },
    },
    rpc: {
      call: (_method: unknown, { recipientKey: to }: { recipientKey: Uint8Array }) => {
        if (network.isDown) return Promise.reject(new TransportError("gone"));
        asked.push(to[0]);
        return Promise.resolve({});
      },
    },
  } as unknown as SyncContext;
  const asking = new AskingAgain(context);
  const miss = async (device: number, number: number) => {
    const key = missedKey(chatId, "aa".repeat(32), number.toString(16).padStart(32, "0"));
    const about = { epoch: 1, receivedMs: 0, order: "", line: "", asks: 0, atMs: time.nowMs };
    disk.set(key, { ...about, device: toHex(members[device - 1].recipientKey) });
    await asking.missed(chatId, key);
  };
  const passTo = async (nowMs: number) => {
    time.nowMs = nowMs;
    for (const timer of timers.filter(({ atMs }) => atMs <= nowMs)) {
      timers.splice(timers.indexOf(timer), 1);
      timer.run();
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  };
  return { asking, asked, network, timers, miss, passTo, looks: () => looks };
}

Deno.test("PEOPLE B0: missed() asks for its message alone, so that a flood costs no look through all", async () => {
  const { asking, asked, timers, miss, passTo, looks } = await asker();
  for (let number = 0; number < 30; number++) await miss(1, number);
  await miss(2, 30);
  assert.deepEqual([asked.length, looks(), timers.length], [11, 0, 1]);
  assert.equal(asked.at(-1), 2, "others are asked meanwhile");
  await passTo(hourMs);
  assert.deepEqual([asked.length, looks()], [22, 1], "ten further ones, and the other device once more");
  for (let number = 31; number < 60; number++) await miss(1, number);
  await passTo(hourMs + 59_999);
  assert.equal(looks(), 1);
  asking.close();
});

Deno.test("PEOPLE B0: AskingAgain asks a second time after an hour without an answer, and no third time", async () => {
  const { asking, asked, miss, passTo } = await asker();
  await miss(1, 1);
  await passTo(hourMs - 1);
  assert.deepEqual(asked, [1]);
  await passTo(hourMs);
  assert.deepEqual(asked, [1, 1]);
  await passTo(3 * hourMs);
  await asking.connected();
  assert.deepEqual(asked, [1, 1]);
  asking.close();
});

Deno.test("PEOPLE B0: AskingAgain counts no request that did not get to the server", async () => {
  const { asking, asked, network, miss } = await asker();
  network.isDown = true;
  await assert.rejects(miss(1, 1));
  for (let lost = 0; lost < 12; lost++) await assert.rejects(asking.connected());
  network.isDown = false;
  await asking.connected();
  assert.deepEqual(asked, [1]);
  asking.close();
});
