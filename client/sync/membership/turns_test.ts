import assert from "node:assert/strict";
import { removalDelayMs, turnOf } from "./turns.ts";

const key = (first: number) => new Uint8Array([first, ...new Uint8Array(31)]);
const member = (device: number, account: number) =>
  ({ recipientKey: key(device), credential: { accountKey: key(account) } }) as Parameters<typeof removalDelayMs>[0][0];

Deno.test("turnOf() gives each device its own turn, and other channels other orders", () => {
  const devices = [3, 1, 2].map(key);
  assert.deepEqual(devices.map((own) => turnOf(devices, own, key(0))), [2, 0, 1]);
  assert.deepEqual(devices.map((own) => turnOf(devices, own, key(3))), [0, 1, 2].map((n) => [0, 2, 1][n]));
  assert.equal(turnOf(devices, key(9), key(0)), undefined);
});

Deno.test("removalDelayMs() lets one device act at once, and twice as many with each turn", () => {
  const members = Array.from({ length: 64 }, (_, device) => member(device, device));
  const delays = members.slice(1).map(({ recipientKey }) =>
    removalDelayMs(members, members.slice(0, 1), recipientKey, key(0))
  ).sort((one, other) => one - other);
  assert.deepEqual([0, 1, 2, 3, 4, 62].map((n) => delays[n] / 2_000), [0, 1, 2, 2, 3, 6]);
});

Deno.test("removalDelayMs() lets the revoking account's devices go first", () => {
  const members = [member(1, 7), member(2, 7), member(9, 7), member(3, 8), member(4, 9)];
  const delays = members.slice(1).map(({ recipientKey }) =>
    removalDelayMs(members, members.slice(0, 1), recipientKey, key(0)) / 2_000
  );
  assert.deepEqual(delays, [0, 1, 1, 2]);
});
