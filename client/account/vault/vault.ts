/**
 * The vault (specification §1.5): the state that a new device of the account needs, encrypted by the devices.
 *
 *     sealed            = nonce (12) ‖ AEAD(vaultKey, CBOR{pins, channels}, AAD = accountKey ‖ u64 version)
 *     wrappedByPassword = nonce (12) ‖ AEAD(HKDF(export_key, "qpq/1 vault"), vaultKey ‖ rootSeed, AAD = accountKey)
 *     wrappedByRecovery = the same under HKDF(recovery secret, "qpq/1 recovery")
 *     recoveryKey       = public Ed25519 key of HKDF(recovery secret, "qpq/1 recovery auth"): recovery_key.ts
 *
 * A device stores the vaultKey, to add new pins to the vault. The root seed is only in the wrapped keys, which the
 * password or the recovery code opens. So a stolen device can neither read nor destroy the root key, and can be
 * revoked (docs/decisions/005).
 */

import { type Bytes, concat, toHex, u64, utf8 } from "../../../schema/bytes.ts";
import { decodeCbor, encodeCbor } from "../../../schema/cbor.ts";
import type { Vault } from "../../../schema/rpc/methods.ts";
import { bytesOf, listOf, recordOf } from "../../../schema/shape.ts";
import { EngineError, LocalCode } from "../../api/errors.ts";
import { type Pin, pinOf, pinToStored } from "./pins.ts";

export interface VaultContent {
  pins: Pin[];
  /** Values of 32 bytes each: chat_list.ts. */
  channels: Bytes[];
}

/** 32 bytes each. */
export interface VaultKeys {
  vaultKey: Bytes;
  /** The account's private root key. */
  rootSeed: Bytes;
}

const nonceLength = 12;
/** Limits when reading. Writing has lower limits, so that every device can open the vault. */
const maxPins = 5_000;
const maxChannels = 2_000;
/** Channels that are written, 34 bytes each: with the pins they fit into the server's 128 KiB (`Vault.sealed`). */
export const maxKeptChannels = 1_000;

/**
 * The two secrets that vault keys are wrapped under: the OPAQUE export key (32 bytes) and the recovery secret
 * (20 bytes).
 */
export type WrappedBy = "password" | "recovery";
const wrapLabels: Record<WrappedBy, Bytes> = { password: utf8("qpq/1 vault"), recovery: utf8("qpq/1 recovery") };

/** @returns the wrapped vault keys, 92 bytes */
export async function wrapVaultKeys(
  keys: VaultKeys,
  by: WrappedBy,
  secret: Uint8Array,
  accountKey: Uint8Array,
): Promise<Bytes> {
  const both = concat(keys.vaultKey, keys.rootSeed);
  const wrapped = await sealRandom(await wrappingKey(by, secret), both, accountKey);
  both.fill(0);
  return wrapped;
}

/** Opens one of the vault's wrapped keys. @throws EngineError L006 for a wrong secret or another account's */
export async function unwrapVaultKeys(
  wrapped: Uint8Array,
  by: WrappedBy,
  secret: Uint8Array,
  accountKey: Uint8Array,
): Promise<VaultKeys> {
  const both = await opened(wrapped, await wrappingKey(by, secret), accountKey);
  if (both.length !== 64) throw unreadable("its wrapped keys have another form");
  const keys = { vaultKey: both.slice(0, 32), rootSeed: both.slice(32) };
  both.fill(0);
  return keys;
}

/** @returns `Vault.sealed` of that version */
export async function sealVault(
  content: VaultContent,
  vaultKey: Uint8Array,
  accountKey: Uint8Array,
  version: number,
): Promise<Bytes> {
  return await sealRandom(
    await aeadKey(vaultKey),
    encodeCbor({ pins: content.pins.map(pinToStored), channels: content.channels }),
    concat(accountKey, u64(version)),
  );
}

/**
 * @param vault as the server gave it; its version is authenticated here
 * @param lowestVersion the highest version that this device has seen: the server may not go back behind it
 * @throws EngineError L006
 */
export async function openVault(
  vault: Vault,
  vaultKey: Uint8Array,
  accountKey: Uint8Array,
  lowestVersion = 1,
): Promise<VaultContent> {
  if (vault.version < lowestVersion) {
    throw unreadable(`version ${vault.version} is older than ${lowestVersion}, which was seen before`);
  }
  const content = await opened(vault.sealed, await aeadKey(vaultKey), concat(accountKey, u64(vault.version)));
  try {
    const fields = recordOf(decodeCbor(content), ["pins", "channels"], "vault");
    return {
      pins: listOf(fields.pins, maxPins, "pins", pinOf),
      channels: listOf(fields.channels, maxChannels, "channels", (value, what) => bytesOf(value, 32, what)),
    };
  } catch (error) {
    throw unreadable((error as Error).message);
  }
}

/** @returns both lists without repeats, sorted; if they exceed the limit, all of theirs and the first of ours */
export function mergeChannels(ours: Uint8Array[], theirs: Uint8Array[]): Bytes[] {
  return [...new Map([...theirs, ...ours].map((id) => [toHex(id), new Uint8Array(id)]))].slice(0, maxKeptChannels).sort(
    ([a], [b]) => a < b ? -1 : 1,
  ).map(([, id]) => id);
}

async function wrappingKey(by: WrappedBy, secret: Uint8Array): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey("raw", secret as Bytes, "HKDF", false, ["deriveKey"]);
  const params = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: wrapLabels[by] };
  return await crypto.subtle.deriveKey(params, material, { name: "AES-GCM", length: 256 }, false, [
    "encrypt",
    "decrypt",
  ]);
}

async function aeadKey(key: Uint8Array): Promise<CryptoKey> {
  return await crypto.subtle.importKey("raw", key as Bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
}

async function sealRandom(key: CryptoKey, plaintext: Bytes, additionalData: Uint8Array): Promise<Bytes> {
  const iv = crypto.getRandomValues(new Uint8Array(nonceLength));
  return concat(
    iv,
    new Uint8Array(
      await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: additionalData as Bytes }, key, plaintext),
    ),
  );
}

async function opened(sealed: Uint8Array, key: CryptoKey, additionalData: Uint8Array): Promise<Bytes> {
  const [iv, ciphertext] = [sealed.slice(0, nonceLength) as Bytes, sealed.slice(nonceLength) as Bytes];
  try {
    return new Uint8Array(
      await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData: additionalData as Bytes }, key, ciphertext),
    );
  } catch {
    throw unreadable("it does not open");
  }
}

function unreadable(detail: string): EngineError {
  return new EngineError({ code: LocalCode.vaultUnreadable, detail: `the vault is unreadable: ${detail}` });
}
