/**
 * Enrols a device: with a new account, or by signing in to an existing one (specification §1.1). The root key is in
 * memory only while it is needed.
 */

import { type Bytes, equalBytes } from "../../../schema/bytes.ts";
import { type DeviceList, maxDevices, openDeviceList, signDeviceList } from "../../../schema/device_list.ts";
import { generateEd25519, signEd25519, verifyEd25519 } from "../../../schema/ed25519.ts";
import { RpcClient } from "../../../schema/rpc/client.ts";
import type { OpenStream } from "../../../schema/rpc/byte_stream.ts";
import { ErrorCode, isWireError, WireError } from "../../../schema/rpc/errors.ts";
import { type Account, authentication } from "../../../schema/rpc/methods.ts";
import { loginBytes, registrationBytes } from "../../../schema/signed_call.ts";
import { EngineError, LocalCode } from "../../api/errors.ts";
import { type DeviceKeys, enrolledDevice, newDevice, type StoredDevice } from "../devices/device.ts";
import { putListAgain } from "../devices/device_list_again.ts";
import { changeDeviceList, withRevoked } from "../devices/device_list_change.ts";
import { badAnswer } from "../errors.ts";
import { answered } from "./lost_answer.ts";
import { type OpaqueSuite, startLogin, startRegistration } from "./opaque.ts";
import { formatRecoveryCode, newRecoverySecret } from "./recovery_code.ts";
import { recoveryPart } from "./recovery_key.ts";
import { sessionAuth } from "./session.ts";
import { openVault, sealVault, unwrapVaultKeys, wrapVaultKeys } from "../vault/vault.ts";
import type { Pin } from "../vault/pins.ts";
import type { StoredVault } from "../vault/vault_keeper.ts";

interface Login {
  session: { accessToken: Bytes; expiresMs: number };
  enrolled: boolean;
  account: Account;
  /** 32 bytes. */
  exportKey: Bytes;
}

/** What an enrolled device stores, and the account as its directory first sees it. */
export interface Enrolled {
  device: StoredDevice;
  session: { accessToken: Bytes; expiresMs: number };
  /** Absent when the device was enrolled before and only signed in again: then the stored vault record stays. */
  vault?: StoredVault;
  pins: Pin[];
  account: Account;
}

export interface Enrolment {
  openStream: OpenStream;
  suite: OpaqueSuite;
  username: string;
  /** Normalised (password.ts). */
  password: string;
}

/**
 * Creates account, first device, device list version 1 and vault version 1. One call creates all of them or none.
 *
 * @throws WireError, TransportError, EngineError
 */
export async function createAccountOnServer(
  enrolment: Enrolment,
  inviteCode: string,
): Promise<Enrolled & { recoveryCode: string }> {
  const { openStream, suite, username, password } = enrolment;
  const rpc = new RpcClient(openStream);
  const opaque = await startRegistration(password, username, suite);
  const { response } = await rpc.call(authentication.registerStart, {
    suite: suite.tag,
    username,
    request: opaque.request,
  });
  const { record, exportKey } = await opaque.finish(response);
  const root = await generateEd25519();
  const keys = { vaultKey: crypto.getRandomValues(new Uint8Array(32)), rootSeed: root.seed };
  const recoverySecret = newRecoverySecret();
  try {
    const accountKey = root.publicKey;
    const keysOfDevice = await newDevice();
    const { deviceId, recipientKey, deviceSeed } = keysOfDevice;
    const list: DeviceList = {
      accountKey,
      username,
      version: 1,
      devices: [{ deviceId, recipientKey }],
      revoked: [],
      prevHash: new Uint8Array(32),
    };
    const devices = await signDeviceList(list, root.seed);
    const vault = {
      version: 1,
      sealed: await sealVault({ pins: [], channels: [] }, keys.vaultKey, accountKey, 1),
      wrappedByPassword: await wrapVaultKeys(keys, "password", exportKey, accountKey),
      ...await recoveryPart(keys, recoverySecret, accountKey),
    };
    const device = await enrolledDevice(keysOfDevice, { username, accountKey }, 1, root.seed);
    const deviceSignature = await signEd25519(deviceSeed, await registrationBytes(record, username, vault));
    const session = await rpc.call(authentication.registerFinish, {
      suite: suite.tag,
      username,
      record,
      inviteCode,
      devices,
      vault,
      recipientKey,
      deviceSignature,
    }).catch(async (error) => {
      // The name would be taken, and nobody would have the recovery code.
      const found = error instanceof WireError ? undefined : await answered(() => login(enrolment, keysOfDevice));
      found?.exportKey.fill(0);
      if (!found?.enrolled) throw error;
      return found.session;
    });
    return {
      device,
      session,
      vault: { version: 1, vaultKey: keys.vaultKey },
      pins: [],
      account: { username, accountKey, devices },
      recoveryCode: formatRecoveryCode(recoverySecret),
    };
  } finally {
    for (const secret of [root.seed, exportKey, recoverySecret]) secret.fill(0);
  }
}

/**
 * Signs in with an enrolled device whose session has ended.
 *
 * @param seen the newest device list that the device has seen. A restored server may have lost that list, and
 *   with it the device: then it is put there again
 * @returns undefined when the account has removed the device: it must never be used again
 */
export async function signInAgain(
  enrolment: Enrolment,
  device: StoredDevice,
  seen?: Account["devices"],
): Promise<Enrolled | undefined> {
  try {
    const { session, enrolled, account, exportKey } = await login(enrolment, device);
    exportKey.fill(0);
    if (!equalBytes(account.accountKey, device.accountKey)) return undefined;
    const rpc = new RpcClient(enrolment.openStream, () => sessionAuth(session.accessToken, device.deviceId));
    return enrolled || (seen && await enrolledAgain(rpc, device, seen))
      ? { device, session, pins: [], account }
      : undefined;
  } catch (error) {
    if (isWireError(error, ErrorCode.forbidden)) return undefined;
    throw error;
  }
}

/** @returns whether the device is in the server's list, after the list that it has seen was put there again */
async function enrolledAgain(rpc: RpcClient, device: StoredDevice, seen: Account["devices"]): Promise<boolean> {
  const isIn = async (signed: Account["devices"]) =>
    (await openDeviceList(signed)).devices.some(({ deviceId }) => equalBytes(deviceId, device.deviceId));
  if (!await isIn(seen)) return false;
  const { username } = device;
  await putListAgain({ rpc, device, username }, seen);
  return await isIn((await rpc.call(authentication.lookup, { username })).account.devices);
}

/**
 * Signs in with a new device: opens the vault and adds the device to the account's list.
 *
 * @param revoke 16-byte ids of former devices that lost their state here: the same change revokes them
 * @param lowestVault the highest vault version of this account that was ever seen here
 * @throws EngineError L022, L006, L025 …, WireError, TransportError
 */
export async function enrollDevice(enrolment: Enrolment, revoke: Uint8Array[], lowestVault = 1): Promise<Enrolled> {
  const device = await newDevice();
  const { session, account, exportKey } = await login(enrolment, device);
  const auth = sessionAuth(session.accessToken, device.deviceId);
  const rpc = new RpcClient(enrolment.openStream, () => auth);
  let rootSeed: Bytes | undefined;
  try {
    const { vault } = await rpc.call(authentication.getVault, {});
    const { accountKey, username } = account;
    const keys = await unwrapVaultKeys(vault.wrappedByPassword, "password", exportKey, accountKey);
    rootSeed = keys.rootSeed;
    const { vaultKey } = keys;
    const content = await openVault(vault, vaultKey, accountKey, lowestVault);
    await requireRootOf(accountKey, rootSeed);
    const { signed, version } = await addToDeviceList(rpc, account, device, revoke, rootSeed);
    const stored = await enrolledDevice(device, { username, accountKey }, version, rootSeed);
    return {
      device: stored,
      session,
      vault: { version: vault.version, vaultKey, channels: content.channels },
      pins: content.pins,
      account: { username, accountKey, devices: signed },
    };
  } finally {
    exportKey.fill(0);
    rootSeed?.fill(0);
  }
}

/**
 * An OPAQUE login of a device, enrolled or not.
 *
 * @returns a new session of the device, and the export key: zero it after use
 * @throws EngineError L022, WireError, TransportError
 */
export async function login({ openStream, suite, username, password }: Enrolment, device: DeviceKeys): Promise<Login> {
  const rpc = new RpcClient(openStream);
  const opaque = await startLogin(password, username, suite);
  const { loginId, ke2 } = await rpc.call(authentication.loginStart, { suite: suite.tag, username, ke1: opaque.ke1 });
  const { ke3, sessionKey, exportKey } = await opaque.finish(ke2);
  const deviceSignature = await signEd25519(device.deviceSeed, await loginBytes(sessionKey));
  sessionKey.fill(0);
  const { accessToken, expiresMs, account, enrolled } = await rpc.call(authentication.loginFinish, {
    loginId,
    ke3,
    recipientKey: device.recipientKey,
    deviceSignature,
  });
  if (account.username !== username) throw badAnswer("the server signed in another account");
  return { session: { accessToken, expiresMs }, enrolled, account, exportKey };
}

/**
 * Checks that the account key is the public part of the vault's root key. A server that replaced it could sign every
 * device list itself.
 *
 * @throws EngineError L006
 */
export async function requireRootOf(accountKey: Bytes, rootSeed: Bytes): Promise<void> {
  const message = crypto.getRandomValues(new Uint8Array(32));
  if (await verifyEd25519(accountKey, await signEd25519(rootSeed, message), message)) return;
  throw new EngineError({ code: LocalCode.vaultUnreadable, detail: "the vault's root key is not the account's" });
}

/** Adds the device to the list, and revokes listed devices of `revoke` in the same change. */
async function addToDeviceList(
  rpc: RpcClient,
  account: Account,
  device: DeviceKeys,
  revoke: Uint8Array[],
  rootSeed: Bytes,
) {
  return await changeDeviceList({
    rpc,
    device,
    rootSeed,
    account,
    change: (_current, after) => {
      const without = withRevoked(after, revoke);
      if (without.devices.length >= maxDevices) {
        throw new EngineError({
          code: LocalCode.tooManyDevices,
          detail: `the account has ${maxDevices} devices already: remove one first`,
        });
      }
      return {
        ...without,
        devices: [...without.devices, { deviceId: device.deviceId, recipientKey: device.recipientKey }],
      };
    },
  });
}
