import assert from "node:assert/strict";
import type { Bytes } from "../../schema/bytes.ts";
import { type DeviceList, openDeviceList, signDeviceList } from "../../schema/device_list.ts";
import { generateEd25519 } from "../../schema/ed25519.ts";
import type { RpcClient } from "../../schema/rpc/client.ts";
import { ErrorCode, WireError } from "../../schema/rpc/errors.ts";
import { authentication, type Method, type ParamsOf } from "../../schema/rpc/methods.ts";
import { deleteOnServer } from "./deletion.ts";
import { newDevice } from "./devices/device.ts";
import type { Confirmed } from "./sign_in/password_guard.ts";

type Deletion = ParamsOf<typeof authentication.deleteAccount>;

/** An account with a device that the password was given on, and so many revoked ones. */
async function accountWith(revoked: number, answer: (deletion: Deletion) => void = () => {}) {
  const root = await generateEd25519();
  const keys = await newDevice();
  const list: DeviceList = {
    accountKey: root.publicKey,
    username: "anna",
    version: 3,
    devices: [{ deviceId: keys.deviceId, recipientKey: keys.recipientKey }],
    revoked: Array.from({ length: revoked }, () => crypto.getRandomValues(new Uint8Array(16)) as Bytes),
    prevHash: new Uint8Array(32),
  };
  const devices = await signDeviceList(list, root.seed);
  const deletions: Deletion[] = [];
  const call = (method: Method, params: unknown) => {
    if (method as unknown === authentication.challenge) return Promise.resolve({ nonce: new Uint8Array(32) });
    if (method as unknown === authentication.lookup) return Promise.resolve({ account: { devices } });
    deletions.push(params as Deletion);
    return Promise.resolve().then(() => answer(params as Deletion));
  };
  const confirmed = {
    rpc: { call } as unknown as RpcClient,
    device: { ...keys, accountKey: root.publicKey, username: "anna" },
    account: { username: "anna", accountKey: root.publicKey, devices },
    keys: { rootSeed: root.seed },
  } as unknown as Confirmed;
  return { confirmed, list, devices, deletions };
}

Deno.test("SERVERS 14: an account with 1,000 revoked devices is deleted with a last list, too", async () => {
  const { confirmed, list, devices, deletions } = await accountWith(1000);
  await deleteOnServer(confirmed, { list, bytes: devices.list });
  assert.equal(deletions.length, 1);
  const last = await openDeviceList(deletions[0].devices);
  assert.deepEqual([last.devices, last.revoked.length], [[], 1000]);
  assert.deepEqual(last.revoked.at(-1), list.devices[0].deviceId);
});

Deno.test("SERVERS 14: where a newer list was seen than the server's, the account is deleted without", async () => {
  const { confirmed, list, devices, deletions } = await accountWith(0);
  await deleteOnServer(confirmed, { list: { ...list, version: 5 }, bytes: devices.list });
  assert.deepEqual(deletions.map((deletion) => deletion.devices.list.length), [0]);
});

Deno.test("SERVERS 14: where the server takes no list, the account is deleted without", async () => {
  const { confirmed, list, devices, deletions } = await accountWith(0, (deletion) => {
    if (deletion.devices.list.length > 0) throw new WireError(ErrorCode.epochConflict, "not the next version");
  });
  await deleteOnServer(confirmed, { list, bytes: devices.list });
  assert.equal(deletions.at(-1)!.devices.list.length, 0);
});

Deno.test("SERVERS 14: where the server refuses the deletion, it is not tried without a list", async () => {
  const { confirmed, list, devices, deletions } = await accountWith(0, () => {
    throw new WireError(ErrorCode.keyDoesNotMatchDevice, "the deletion is not signed");
  });
  await assert.rejects(deleteOnServer(confirmed, { list, bytes: devices.list }), WireError);
  assert.equal(deletions.length, 1);
});
