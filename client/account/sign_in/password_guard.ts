/** Operations that need the password: use of the root key, a new password, a new recovery code. */

import { type Bytes, equalBytes, u64 } from "../../../schema/bytes.ts";
import { RpcClient } from "../../../schema/rpc/client.ts";
import { type Account, authentication, type Vault } from "../../../schema/rpc/methods.ts";
import { vaultFields } from "../../../schema/signed_call.ts";
import { proveCall, type StoredDevice } from "../devices/device.ts";
import { changeDeviceList, withRevoked } from "../devices/device_list_change.ts";
import type { SeenList } from "../devices/device_list_check.ts";
import { type Enrolment, login, requireRootOf } from "./enroll.ts";
import { askTimeoutMs } from "./lost_answer.ts";
import { startRegistration } from "./opaque.ts";
import { formatRecoveryCode, newRecoverySecret } from "./recovery_code.ts";
import { recoveryPart } from "./recovery_key.ts";
import { sessionAuth } from "./session.ts";
import { sealVault, unwrapVaultKeys, type VaultContent, type VaultKeys, wrapVaultKeys } from "../vault/vault.ts";

/** A fresh session that the password opened, and the keys that the password unwrapped. */
export interface Confirmed {
  session: { accessToken: Bytes; expiresMs: number };
  rpc: RpcClient;
  device: StoredDevice;
  account: Account;
  keys: VaultKeys;
}

/**
 * Signs this device in once more, beside its session, and runs `work`; the keys are wiped afterwards.
 *
 * @throws EngineError L022 for a wrong password, L006 when the vault's root key is not the account's
 */
export async function withPassword<T>(
  enrolment: Enrolment,
  device: StoredDevice,
  work: (confirmed: Confirmed) => Promise<T>,
): Promise<T> {
  const { session, account, exportKey } = await login(enrolment, device);
  const auth = sessionAuth(session.accessToken, device.deviceId);
  const rpc = new RpcClient(enrolment.openStream, () => auth);
  let keys: VaultKeys | undefined;
  try {
    const { vault } = await rpc.call(authentication.getVault, {});
    keys = await unwrapVaultKeys(vault.wrappedByPassword, "password", exportKey, device.accountKey);
    await requireRootOf(device.accountKey, keys.rootSeed);
    return await work({ session, rpc, device, account, keys });
  } finally {
    exportKey.fill(0);
    keys?.vaultKey.fill(0);
    keys?.rootSeed.fill(0);
  }
}

/** @returns the next version of the vault: the same content, other wrapped keys */
async function nextVault(
  vault: Vault,
  content: VaultContent,
  keys: VaultKeys,
  accountKey: Bytes,
  wraps: Partial<Vault>,
): Promise<Vault> {
  const version = vault.version + 1;
  return { ...vault, ...wraps, version, sealed: await sealVault(content, keys.vaultKey, accountKey, version) };
}

/** A change of the vault's wrapped keys that is about to be in force. */
export interface Rewrap {
  write(current: { vault: Vault; content: VaultContent }): Promise<Vault>;
  /** Whether the server has what `write` wrote: its answer may have been lost. @throws WireError, TransportError */
  isInForce(): Promise<boolean>;
}

/** @returns whether the server's vault has the same part @throws WireError, TransportError */
async function hasPart(rpc: RpcClient, part: Partial<Vault> | undefined): Promise<boolean> {
  if (!part) return false;
  const { vault } = await rpc.call(authentication.getVault, {}, { timeoutMs: askTimeoutMs });
  return Object.entries(part).every(([name, value]) => equalBytes(vault[name as keyof Vault] as Bytes, value as Bytes));
}

/**
 * @param password the new one, checked
 * @returns what writes the new OPAQUE record and the wrapped keys in one call; the server then ends every session but
 *   the confirmed one
 */
export async function newPassword(
  { suite, username }: Enrolment,
  password: string,
  { rpc, device, keys }: Confirmed,
): Promise<Rewrap> {
  const opaque = await startRegistration(password, username, suite);
  const { response } = await rpc.call(authentication.registerStart, {
    suite: suite.tag,
    username,
    request: opaque.request,
  });
  const { record, exportKey } = await opaque.finish(response);
  const wrappedByPassword = await wrapVaultKeys(keys, "password", exportKey, device.accountKey);
  exportKey.fill(0);
  const write: Rewrap["write"] = async ({ vault, content }) => {
    const next = await nextVault(vault, content, keys, device.accountKey, { wrappedByPassword });
    const proof = await proveCall(rpc, device.deviceSeed, "changePassword", [
      record,
      u64(vault.version),
      ...vaultFields(next),
    ]);
    await rpc.call(authentication.changePassword, {
      suite: suite.tag,
      record,
      expectedVaultVersion: vault.version,
      vault: next,
      proof,
    });
    return next;
  };
  return { write, isInForce: () => hasPart(rpc, { wrappedByPassword }) };
}

/** Makes a code, and writes nothing yet. */
export function newRecoveryCode({ rpc, device, keys }: Confirmed): Rewrap & { recoveryCode: string } {
  const secret = newRecoverySecret();
  let written: Partial<Vault> | undefined;
  return {
    recoveryCode: formatRecoveryCode(secret),
    isInForce: () => hasPart(rpc, written),
    write: async ({ vault, content }) => {
      const part = await recoveryPart(keys, secret, device.accountKey);
      const next = await nextVault(vault, content, keys, device.accountKey, part);
      written = part;
      const proof = await proveCall(rpc, device.deviceSeed, "putVault", [u64(vault.version), ...vaultFields(next)]);
      await rpc.call(authentication.putVault, { expectedVersion: vault.version, vault: next, proof });
      return next;
    },
  };
}

/**
 * Revokes a device in the account's list. The server ends the device's sessions and deletes its KeyPackages and its
 * queue.
 *
 * @param deviceId 16 bytes
 * @param seen the newest list that this device knows
 * @returns the account with its new list; unchanged when the device is not listed
 * @throws EngineError L020 for a list that is not this account's, or older than the one seen
 */
export async function revokeFromList(
  deviceId: Bytes,
  seen: SeenList,
  { rpc, device, account, keys }: Confirmed,
): Promise<Account> {
  const { signed } = await changeDeviceList({
    rpc,
    device,
    rootSeed: keys.rootSeed,
    account: { ...account, accountKey: device.accountKey },
    seen,
    change: (current, after) =>
      current.devices.some((listed) => equalBytes(listed.deviceId, deviceId))
        ? withRevoked(after, [deviceId])
        : undefined,
  });
  return { ...account, devices: signed };
}
