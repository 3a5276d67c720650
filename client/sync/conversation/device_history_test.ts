import assert from "node:assert/strict";
import { fromHex } from "../../../schema/bytes.ts";
import type { Member } from "../../mls/group.ts";
import { devicesAfter, type DevicesSince, devicesThere, hasLaterDevice } from "./device_history.ts";

const [first, second] = ["0a".repeat(32), "05".repeat(32)];
const [anna, bert, phone] = ["01".repeat(32), "02".repeat(32), "03".repeat(32)];

const epoch = (history: DevicesSince[], channel: string, n: number, ...devices: string[]) =>
  devicesAfter(history, devices.map((device) => ({ recipientKey: fromHex(device) }) as Member), {
    channelId: fromHex(channel),
    epoch: BigInt(n),
  });

const known = (devices: DevicesSince[] | undefined, channelId = first, n = 9, earlier?: string[]) => ({
  channelId: fromHex(channelId),
  epoch: n,
  ...(devices && { devices }),
  ...(earlier && { earlier }),
});

Deno.test("PEOPLE A3: a device counts from its first epoch on, and a commit that re-adds it changes nothing", () => {
  const start = epoch([], first, 1, anna, bert);
  const added = epoch(start, first, 4, anna, bert, phone);
  assert.equal(epoch(added, first, 5, phone, bert, anna), added, "the same devices with other leaves");
  const record = known(added);
  const all = [anna, bert, phone];
  assert.deepEqual(devicesThere(record, all, { channel: first, epoch: 3 }), [anna, bert]);
  assert.deepEqual(devicesThere(record, all, { channel: first, epoch: 4 }), all);
  assert.equal(hasLaterDevice(record, { channel: first, epoch: 3 }), true);
  assert.equal(hasLaterDevice(record, { channel: first, epoch: 4 }), false);
});

Deno.test("PEOPLE A3: a device that was out of the group for an epoch counts as new", () => {
  const start = epoch([], first, 1, anna, bert);
  const back = epoch(epoch(start, first, 2, anna), first, 3, anna, bert);
  assert.equal(hasLaterDevice(known(back), { channel: first, epoch: 1 }), true);
  assert.deepEqual(devicesThere(known(back), [anna, bert], { channel: first, epoch: 1 }), [anna]);
});

Deno.test("PEOPLE A3: devices keep their history in a replacement channel, and who is new there is later", () => {
  const moved = epoch(epoch([], first, 7, anna, bert), second, 1, anna, bert, phone);
  const record = known(moved, second, 1, [first]);
  assert.deepEqual(devicesThere(record, [anna, bert, phone], { channel: first, epoch: 7 }), [anna, bert]);
  assert.equal(hasLaterDevice(record, { channel: first, epoch: 8 }), true);
  assert.equal(hasLaterDevice(record, { channel: second, epoch: 1 }), false);
  assert.equal(hasLaterDevice(record, { channel: "ff".repeat(32), epoch: 99 }), true, "a channel that is not known");
});

Deno.test("PEOPLE A3: without a history only the present epoch is known", () => {
  const record = known(undefined);
  assert.equal(hasLaterDevice(record, { channel: first, epoch: 8 }), true);
  assert.equal(hasLaterDevice(record, { channel: first, epoch: 9 }), false);
  assert.deepEqual(devicesThere(record, [anna, bert], { channel: first, epoch: 8 }), []);
  assert.deepEqual(devicesThere(record, [anna, bert], { channel: first, epoch: 9 }), [anna, bert]);
});
