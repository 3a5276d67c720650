import assert from "node:assert/strict";
import type { DeviceList } from "../../../schema/device_list.ts";
import { withRevoked } from "./device_list_change.ts";

const id = (fill: number) => new Uint8Array(16).fill(fill);
const list = {
  version: 4,
  devices: [1, 2, 3].map((fill) => ({ deviceId: id(fill), recipientKey: new Uint8Array(32).fill(fill) })),
  revoked: [id(9)],
} as unknown as DeviceList;

Deno.test("withRevoked() moves listed devices to the revoked ones, and ignores unknown ids", () => {
  const { devices, revoked, version } = withRevoked(list, [id(2), id(7)]);
  assert.deepEqual([devices.map(({ deviceId }) => deviceId[0]), revoked.map((revokedId) => revokedId[0]), version], [
    [1, 3],
    [9, 2],
    4,
  ]);
  assert.equal(list.devices.length, 3, "the list itself stays");
});
