/** Whether the directory confirms an MLS leaf: the account key is the pin, the device is in the newest device list. */

import { type Bytes, equalBytes } from "../../../schema/bytes.ts";
import { isFull } from "../../../schema/device_list.ts";
import type { DeviceCredential } from "../../../schema/credential.ts";
import type { Trust, TrustUse } from "../../mls/types.ts";
import type { DirectoryStore } from "./directory_store.ts";

type Verdict = { kind: "good" } | { kind: "bad" | "unknown"; reason: string };

/**
 * @param records the pinned and stored accounts
 * @param refresh asks the server for the newest lists of accounts
 * @returns the trust function for `createMls`; it refuses a leaf only after asking the server once
 */
export function leafTrust(
  records: DirectoryStore,
  refresh: (accountKeys: Uint8Array[]) => Promise<unknown>,
): Trust {
  return async (credential, leafSignatureKey, use) => {
    const first = await judgeLeaf(records, credential, leafSignatureKey, use);
    if (first.kind !== "unknown") return first.kind === "good" ? true : first.reason;
    await refresh([credential.accountKey]);
    const second = await judgeLeaf(records, credential, leafSignatureKey, use);
    if (use !== "add" && second.kind === "unknown" && await isForgotten(records, credential)) return true;
    return second.kind === "good" ? true : second.reason;
  };
}

/**
 * @returns whether the newest list revokes a device; asks the server when the stored list does not revoke it.
 *   Throws what `refresh` throws: a commit must not be refused because the network was away
 */
export function revocationCheck(
  records: DirectoryStore,
  refresh: (accountKeys: Uint8Array[]) => Promise<unknown>,
): (credential: DeviceCredential) => Promise<boolean> {
  return async (credential) => {
    const revokes = async () =>
      (await records.byKey(credential.accountKey))?.devices.revoked.some((id) => equalBytes(id, credential.deviceId)) ??
        false;
    if (await revokes()) return true;
    // Another member may have seen the revocation before this device did.
    await refresh([credential.accountKey]);
    return await revokes() || await isForgotten(records, credential);
  };
}

/**
 * Whether the newest list may have forgotten that it revoked a device: it is full. The device is the account's, because
 * the root key has signed its credential.
 */
async function isForgotten(records: DirectoryStore, { accountKey, deviceId }: DeviceCredential): Promise<boolean> {
  const devices = (await records.byKey(accountKey))?.devices;
  return devices !== undefined && isFull(devices) &&
    !devices.devices.some((device) => equalBytes(device.deviceId, deviceId));
}

async function judgeLeaf(
  records: DirectoryStore,
  credential: DeviceCredential,
  leafSignatureKey: Bytes,
  use: TrustUse,
): Promise<Verdict> {
  const account = await records.byKey(credential.accountKey);
  if (!account) {
    const other = await records.byUsername(credential.username);
    return {
      kind: "unknown",
      reason: other
        ? `${credential.username} is pinned to another account key`
        : `the directory does not know the account of ${credential.username}`,
    };
  }
  if (account.username !== credential.username) return { kind: "bad", reason: "the account has another username" };
  if (account.devices.revoked.some((id) => equalBytes(id, credential.deviceId))) {
    // Members learn of a revocation at different times, and a commit may be older than the revocation. Refusing
    // a tree or a commit for it would split the group, so the next commit removes the leaf. This device itself
    // never adds a revoked one (docs/decisions/030).
    return use === "add" ? { kind: "bad", reason: `the device of ${account.username} is revoked` } : { kind: "good" };
  }
  const listed = account.devices.devices.some(({ deviceId, recipientKey }) =>
    equalBytes(deviceId, credential.deviceId) && equalBytes(recipientKey, leafSignatureKey)
  );
  return listed
    ? { kind: "good" }
    : { kind: "unknown", reason: `the device is not in the newest device list of ${account.username}` };
}
