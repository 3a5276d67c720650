/** Creates a group by hand for a hostile member. */

import { type Bytes, fromHex } from "../../schema/bytes.ts";
import type { RpcClient } from "../../schema/rpc/client.ts";
import { authentication } from "../../schema/rpc/methods.ts";
import { credentialOf, type StoredDevice } from "../account/devices/device.ts";
import { makeKeyPackage } from "../mls/group.ts";
import { SealedStore } from "../storage/sealed_store.ts";
import type { Person } from "./person.ts";

/**
 * @returns the device's keys, the private record of a KeyPackage of the device for `createGroup`, and a
 *   KeyPackage of each of the others' devices
 */
export async function deviceOf(
  person: Person,
  rpc: RpcClient,
  others: Person[],
): Promise<{ device: StoredDevice; keyPackage: Bytes; keyPackages: Bytes[] }> {
  const device =
    (await new SealedStore(person.storage.restarted(), person.wrappingKey).get<StoredDevice>("account", "device"))!;
  const own = await makeKeyPackage({
    credential: credentialOf(device),
    signatureKeyPair: { seed: device.deviceSeed, publicKey: device.recipientKey },
    nowMs: Date.now(),
    lastResort: false,
  });
  const keyPackages = await Promise.all(others.map(async ({ username, engine }) => {
    const state = await engine.account();
    const deviceIds = state.kind === "signed-in" ? [fromHex(state.deviceId)] : [];
    const { account } = await rpc.call(authentication.lookup, { username });
    return (await rpc.call(authentication.fetchKeyPackage, {
      accountKey: account.accountKey,
      deviceIds,
      linkToken: new Uint8Array(),
    }))
      .keyPackages[0].keyPackage;
  }));
  return { device, keyPackage: own.privateRecord, keyPackages };
}
