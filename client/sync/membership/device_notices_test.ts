import assert from "node:assert/strict";
import { toHex } from "../../../schema/bytes.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { DeviceNotices, maxLooksPerAccount, maxLooksPerMinute } from "./device_notices.ts";

const none = new Uint8Array();
const key = (fill: number) => new Uint8Array(32).fill(fill);
const ownKey = key(1);

/** Chats by channel, with the fill of each account that is in it. */
function setting(chats: Record<number, number[]>) {
  const looked: string[] = [];
  const done: { chatIds: string[] }[] = [];
  const turns: [string, number][] = [];
  let ownChanges = 0;
  let nowMs = 0;
  const all = Object.entries(chats).map(([channel, accounts]) => ({
    id: `chat${channel}`,
    record: {
      channelId: key(Number(channel)),
      standing: { kind: "member" },
      leaving: false,
      members: accounts.map((fill) => ({ accountKey: toHex(key(fill)) })),
    },
  }));
  const context = {
    ownKey: toHex(ownKey),
    environment: { now: () => nowMs },
    conversations: { all: () => all },
    account: {
      directory: {
        refresh: (keys: Uint8Array[]) => {
          looked.push(...keys.map((each) => String(each[0])));
          return Promise.resolve([]);
        },
      },
    },
  } as unknown as SyncContext;
  const notices = new DeviceNotices(context, {
    giveTurn: (chatId, _account, turn) => void turns.push([chatId, turn]),
    looked: (chatIds) => Promise.resolve(void done.push({ chatIds })),
    ownChanged: () => void ownChanges++,
  });
  return { notices, looked, done, turns, ownChanges: () => ownChanges, pass: (ms: number) => nowMs += ms };
}

Deno.test("PEOPLE B1: notices of one account for several chats are one look at that account alone", async () => {
  const { notices, looked, done, turns } = setting({ 10: [1, 2, 3], 11: [1, 2] });
  await Promise.all([10, 11].map((channel, turn) => notices.receive({ channelId: key(channel), body: key(2), turn })));
  assert.deepEqual(looked, ["2"]);
  assert.deepEqual(done, [{ chatIds: ["chat10", "chat11"] }]);
  assert.deepEqual(turns, [["chat10", 0], ["chat11", 1]]);
});

Deno.test("PEOPLE B1: an own notice is about all chats, and the vault is read", async () => {
  const { notices, done, ownChanges } = setting({ 10: [1, 2], 11: [1, 3] });
  await notices.receive({ channelId: none, body: ownKey, turn: 0 });
  assert.deepEqual(done, [{ chatIds: ["chat10", "chat11"] }]);
  assert.equal(ownChanges(), 1);
});

Deno.test("PEOPLE B1: a notice that fits no chat of this device costs nothing", async () => {
  const { notices, looked, turns } = setting({ 10: [1, 2] });
  for (
    const entry of [
      { channelId: key(10), body: key(3), turn: 0 },
      { channelId: key(12), body: key(2), turn: 0 },
      { channelId: none, body: key(2), turn: 0 },
      { channelId: key(10), body: new Uint8Array(31), turn: 0 },
      { channelId: key(10), body: key(2), turn: 21 },
    ]
  ) await notices.receive(entry);
  assert.deepEqual([looked, turns], [[], []]);
});

Deno.test("PEOPLE B1: notices without end have a device look a bounded number of times", async () => {
  const accounts = Array.from({ length: 100 }, (_, index) => index + 2);
  const { notices, looked, pass } = setting({ 200: [1, ...accounts] });
  for (let index = 0; index < 50; index++) await notices.receive({ channelId: key(200), body: key(2), turn: 0 });
  assert.equal(looked.length, maxLooksPerAccount);
  for (const fill of accounts) await notices.receive({ channelId: key(200), body: key(fill), turn: 0 });
  assert.equal(looked.length, maxLooksPerMinute);
  pass(60_000);
  await notices.receive({ channelId: key(200), body: key(2), turn: 0 });
  assert.equal(looked.length, maxLooksPerMinute + 1);
});
