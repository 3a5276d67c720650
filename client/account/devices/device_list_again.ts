/** Puts the newest device list that this device has seen on a server that has lost it (docs/decisions/023). */

import type { RpcClient } from "../../../schema/rpc/client.ts";
import { openDeviceList } from "../../../schema/device_list.ts";
import { ErrorCode, isWireError } from "../../../schema/rpc/errors.ts";
import { type Account, authentication } from "../../../schema/rpc/methods.ts";
import { type DeviceKeys, proveCall } from "./device.ts";

/**
 * Needs no root key: the list is signed already. It can follow the server's list only where the server has lost
 * one change, and knows all devices of the list. Otherwise nothing changes. Another device of the account may do
 * the same at the same time.
 *
 * @param seen the newest list that this device has seen of its own account
 * @throws TransportError, WireError, MalformedError
 */
export async function putListAgain(
  { rpc, device, username }: { rpc: RpcClient; device: DeviceKeys; username: string },
  seen: Account["devices"],
): Promise<void> {
  const { account } = await rpc.call(authentication.lookup, { username });
  const [current, newest] = [await openDeviceList(account.devices), await openDeviceList(seen)];
  if (current.version >= newest.version) return;
  try {
    const proof = await proveCall(rpc, device.deviceSeed, "putDeviceList", [seen.list, seen.signature]);
    await rpc.call(authentication.putDeviceList, { devices: seen, proof });
  } catch (error) {
    if (!isWireError(error, ErrorCode.epochConflict, ErrorCode.keyDoesNotMatchDevice)) throw error;
  }
}
