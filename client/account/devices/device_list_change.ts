/**
 * Changes the account's device list: signs the successor of the newest list with the root key and puts it by
 * compare-and-set (specification §1.2).
 */

import { type Bytes, concat, equalBytes, sha256 } from "../../../schema/bytes.ts";
import { type DeviceList, openDeviceList, revokedAfter, signDeviceList } from "../../../schema/device_list.ts";
import type { RpcClient } from "../../../schema/rpc/client.ts";
import { ErrorCode, isWireError } from "../../../schema/rpc/errors.ts";
import { type Account, authentication } from "../../../schema/rpc/methods.ts";
import { type DeviceKeys, proveCall } from "./device.ts";
import { judgeDeviceList, type SeenList } from "./device_list_check.ts";
import { badAnswer } from "../errors.ts";

/** Attempts while other devices change the list as well. After these, the server is assumed to take no change. */
const attempts = 4;

export interface ListChange {
  /** Calls in a session of this device. */
  rpc: RpcClient;
  /** The device whose key proves the call. */
  device: DeviceKeys;
  rootSeed: Bytes;
  /** The server's answer: its list is the first to be changed. */
  account: Account;
  /**
   * The newest list that this device knows, if it knows one. The server's list must follow it: otherwise the root
   * key would sign a revoked device back in.
   */
  seen?: SeenList;
  /** @returns the list after `current`, made with {@link after}; undefined when there is nothing to change */
  change(current: DeviceList, after: DeviceList): DeviceList | undefined;
  /** Gives the signed list to the server; by `putDeviceList` where it is left out. @throws WireError */
  put?(devices: Account["devices"]): Promise<void>;
}

/**
 * @returns the newest list, and its version
 * @throws EngineError L020 for a list that is not this account's, or older than the one seen; errors of
 *   `change`; WireError
 */
export async function changeDeviceList(
  { rpc, device, rootSeed, account, seen, change, put }: ListChange,
): Promise<{ signed: Account["devices"]; version: number }> {
  let { devices: signed } = account;
  for (let attempt = 1;; attempt++) {
    const current = await openDeviceList(signed);
    if (!equalBytes(current.accountKey, account.accountKey) || current.username !== account.username) {
      throw badAnswer("the device list is of another account");
    }
    const verdict = seen && await judgeDeviceList(seen, { list: current, bytes: signed.list });
    if (verdict?.kind === "refused") {
      throw badAnswer(`the account's device list is not to be signed: ${verdict.reason}`);
    }
    const next = change(current, {
      ...current,
      version: current.version + 1,
      prevHash: await sha256(concat(signed.list)),
    });
    if (!next) return { signed, version: current.version };
    const devices = await signDeviceList(next, rootSeed);
    try {
      await (put ?? ((list) => putDeviceList(rpc, device, list)))(devices);
      return { signed: devices, version: next.version };
    } catch (error) {
      // Another device of the account was faster.
      if (!isWireError(error, ErrorCode.epochConflict) || attempt === attempts) throw error;
      signed = (await rpc.call(authentication.lookup, { username: account.username })).account.devices;
    }
  }
}

async function putDeviceList(rpc: RpcClient, device: DeviceKeys, devices: Account["devices"]): Promise<void> {
  const proof = await proveCall(rpc, device.deviceSeed, "putDeviceList", [devices.list, devices.signature]);
  await rpc.call(authentication.putDeviceList, { devices, proof });
}

/** @returns `list` with those of its devices revoked that have one of these 16-byte ids */
export function withRevoked(list: DeviceList, revoke: Uint8Array[]): DeviceList {
  const leaves = (id: Uint8Array) => revoke.some((other) => equalBytes(other, id));
  const leaving = list.devices.filter(({ deviceId }) => leaves(deviceId)).map(({ deviceId }) => deviceId);
  return {
    ...list,
    devices: list.devices.filter(({ deviceId }) => !leaves(deviceId)),
    revoked: revokedAfter(list.revoked, leaving),
  };
}
