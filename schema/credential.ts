/**
 * The MLS basic credential's identity (specification §1.3): who a leaf belongs to, vouched for by the
 * account's root key.
 */

import { type Bytes, concat, equalBytes, sha256, utf8 } from "./bytes.ts";
import { decodeCbor, encodeCbor } from "./cbor.ts";
import { verifyEd25519 } from "./ed25519.ts";
import { bytesOf, countOf, recordOf } from "./shape.ts";
import { usernameOf } from "./username.ts";

/** What a leaf's credential says. */
export interface DeviceCredential {
  username: string;
  /** 32 bytes: the account's root Ed25519 public key. */
  accountKey: Bytes;
  /** 16 bytes: {@link deviceIdOf} the leaf's signature key. */
  deviceId: Bytes;
  /** Version of the device list in which the device first stood. */
  listVersion: number;
  /** 64 bytes: the root key over {@link credentialSignedBytes}. */
  rootSignature: Bytes;
}

/**
 * @param recipientKey 32 bytes: the device's MLS signature key
 * @returns SHA-256(recipientKey)[0..16)
 */
export async function deviceIdOf(recipientKey: Uint8Array): Promise<Bytes> {
  return (await sha256(recipientKey)).slice(0, 16);
}

/**
 * @param leafSignatureKey 32 bytes
 * @returns "qpq/1 credential" ‖ leafSignatureKey ‖ CBOR{username, accountKey, deviceId, listVersion}: what
 *   the root key signs
 */
export function credentialSignedBytes(
  leafSignatureKey: Uint8Array,
  { username, accountKey, deviceId, listVersion }: Omit<DeviceCredential, "rootSignature">,
): Bytes {
  return concat(
    utf8("qpq/1 credential"),
    leafSignatureKey,
    encodeCbor({ username, accountKey, deviceId, listVersion }),
  );
}

/** @returns the credential's deterministic CBOR */
export function encodeCredential(
  { username, accountKey, deviceId, listVersion, rootSignature }: DeviceCredential,
): Bytes {
  return encodeCbor({ username, accountKey, deviceId, listVersion, rootSignature });
}

/**
 * @param identity the identity bytes of an MLS basic credential
 * @throws MalformedError
 */
export function decodeCredential(identity: Uint8Array): DeviceCredential {
  const fields = recordOf(
    decodeCbor(identity),
    ["username", "accountKey", "deviceId", "listVersion", "rootSignature"],
    "credential",
  );
  return {
    username: usernameOf(fields.username),
    accountKey: bytesOf(fields.accountKey, 32, "accountKey"),
    deviceId: bytesOf(fields.deviceId, 16, "deviceId"),
    listVersion: countOf(fields.listVersion, "listVersion"),
    rootSignature: bytesOf(fields.rootSignature, 64, "rootSignature"),
  };
}

/**
 * Checks what the credential itself proves: the root key vouches for this leaf key, and the device id is the
 * key's. That the device stands in the account's newest list, and that the account key is the pinned one, is
 * for the caller.
 *
 * @param leafSignatureKey 32 bytes
 */
export async function verifyCredential(credential: DeviceCredential, leafSignatureKey: Uint8Array): Promise<boolean> {
  if (!equalBytes(credential.deviceId, await deviceIdOf(leafSignatureKey))) return false;
  return await verifyEd25519(
    credential.accountKey,
    credential.rootSignature,
    credentialSignedBytes(leafSignatureKey, credential),
  );
}
