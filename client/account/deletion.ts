/**
 * Deletes the account on the server (specification §1.7): signed by the root key, which only the password opens, and
 * with a last device list that revokes every device, so that its groups take them out.
 */

import { signEd25519 } from "../../schema/ed25519.ts";
import type { RpcClient } from "../../schema/rpc/client.ts";
import { ErrorCode, isWireError, WireError } from "../../schema/rpc/errors.ts";
import { type Account, authentication } from "../../schema/rpc/methods.ts";
import { deletionBytes, deviceProofBytes } from "../../schema/signed_call.ts";
import { EngineError, LocalCode } from "../api/errors.ts";
import { changeDeviceList, withRevoked } from "./devices/device_list_change.ts";
import type { SeenList } from "./devices/device_list_check.ts";
import { askDeletion } from "./sign_in/deletion_question.ts";
import { answered } from "./sign_in/lost_answer.ts";
import type { Confirmed } from "./sign_in/password_guard.ts";

const noList = { list: new Uint8Array(), signature: new Uint8Array() };

/** @throws EngineError L037 for a server that can not delete an account; WireError, TransportError */
export async function requireDeletion(rpc: Pick<RpcClient, "call">): Promise<void> {
  if (await askDeletion(rpc) === "unknown") {
    throw new EngineError({ code: LocalCode.deletionUnknown, detail: "the server does not know deleteAccount" });
  }
}

/**
 * Deletes the account. Where the answer is lost, the server is asked whether it has done it.
 *
 * @param seen the newest device list that this device knows
 * @throws WireError, TransportError: nothing was deleted, as far as the server says
 */
export async function deleteOnServer(confirmed: Confirmed, seen: SeenList | undefined): Promise<void> {
  const { rpc, device, account, keys } = confirmed;
  try {
    await changeDeviceList({
      rpc,
      device,
      rootSeed: keys.rootSeed,
      account: { ...account, accountKey: device.accountKey },
      ...(seen && { seen }),
      change: (current, after) => withRevoked(after, current.devices.map(({ deviceId }) => deviceId)),
      put: (list) => callDeletion(confirmed, list),
    });
  } catch (error) {
    if (!hasNoLastList(error)) throw error;
    // The chats were left, and who wants to go is not kept for it. The server shuts the devices out.
    await callDeletion(confirmed, noList);
  }
}

/** Whether the server's list is none that another may follow: a restored server has lost newer ones. */
function hasNoLastList(error: unknown): boolean {
  return error instanceof EngineError
    ? error.problem.code === LocalCode.badAnswer
    : isWireError(error, ErrorCode.epochConflict);
}

async function callDeletion({ rpc, device, keys }: Confirmed, devices: Account["devices"]): Promise<void> {
  const { nonce } = await rpc.call(authentication.challenge, {});
  const signature = await signEd25519(keys.rootSeed, await deletionBytes(nonce, device.accountKey, devices.list));
  const proven = await deviceProofBytes("deleteAccount", nonce, [devices.list, devices.signature, signature]);
  const proof = { nonce, signature: await signEd25519(device.deviceSeed, proven) };
  try {
    await rpc.call(authentication.deleteAccount, { devices, signature, proof });
  } catch (error) {
    if (error instanceof WireError && error.code !== ErrorCode.draining) throw error;
    if (await answered(() => askDeletion(rpc)) !== "deleted") throw error;
  }
}
