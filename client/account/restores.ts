/**
 * The server's last restore from a backup: what `health` says of it, and which one this device has dealt with
 * (docs/decisions/023).
 */

import type { RpcClient } from "../../schema/rpc/client.ts";
import { delivery } from "../../schema/rpc/methods.ts";
import type { SealedStore } from "../storage/sealed_store.ts";

/** In the store "account": the restore that this device has dealt with, ms since the Unix epoch; 0 for none. */
const knownKey = "sync/restored";

/** What `health` says about the server's last restore, both in ms since the Unix epoch; 0 for none. */
export interface Restore {
  restoredMs: number;
  restoredToMs: number;
}

/**
 * @returns the time of the restore that this device dealt with last, ms since the Unix epoch, 0 for none;
 *   undefined on a device that never asked. @throws StorageError
 */
export async function knownRestore(store: SealedStore): Promise<number | undefined> {
  return await store.get<number>("account", knownKey);
}

/**
 * Asks the server.
 *
 * @returns its last restore if this device has not dealt with it yet. @throws StorageError, TransportError,
 *   WireError
 */
export async function newRestore(
  { rpc, store }: { rpc: RpcClient; store: SealedStore },
): Promise<Restore | undefined> {
  const { restoredMs, restoredToMs } = await rpc.call(delivery.health, {});
  return await knownRestore(store) === restoredMs ? undefined : { restoredMs, restoredToMs };
}

/** Notes that this device has dealt with a restore. @throws StorageError */
export async function noteRestore(store: SealedStore, { restoredMs }: Restore): Promise<void> {
  await store.write({ puts: [{ store: "account", key: knownKey, value: restoredMs }] });
}
