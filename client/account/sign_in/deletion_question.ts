/** Asks the server whether the account of a device is deleted: after a lost answer, and when it refuses the device. */

import type { RpcClient } from "../../../schema/rpc/client.ts";
import { ErrorCode, isWireError } from "../../../schema/rpc/errors.ts";
import { authentication, type ParamsOf } from "../../../schema/rpc/methods.ts";
import { askTimeoutMs } from "./lost_answer.ts";

/** It proves nothing, so it deletes nothing: the server says whether the account is deleted already. */
const question: ParamsOf<typeof authentication.deleteAccount> = {
  devices: { list: new Uint8Array(), signature: new Uint8Array() },
  signature: new Uint8Array(),
  proof: { nonce: new Uint8Array(), signature: new Uint8Array() },
};

/**
 * Asks whether the account of this session is deleted.
 *
 * @returns "unknown": the server is of a version without this call
 * @throws WireError, TransportError
 */
export async function askDeletion(rpc: Pick<RpcClient, "call">): Promise<"deleted" | "there" | "unknown"> {
  try {
    await rpc.call(authentication.deleteAccount, question, { timeoutMs: askTimeoutMs });
    return "deleted";
  } catch (error) {
    if (isWireError(error, ErrorCode.keyDoesNotMatchDevice)) return "there";
    if (isWireError(error, ErrorCode.malformed)) return "unknown";
    throw error;
  }
}
