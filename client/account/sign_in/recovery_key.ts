/** The key pair derived from the recovery code: the server stores its public key (docs/decisions/018). */

import { type Bytes, utf8 } from "../../../schema/bytes.ts";
import { publicEd25519 } from "../../../schema/ed25519.ts";
import type { Vault } from "../../../schema/rpc/methods.ts";
import { type VaultKeys, wrapVaultKeys } from "../vault/vault.ts";

const label = utf8("qpq/1 recovery auth");

/**
 * @param recoverySecret 20 bytes @returns 32 bytes: the private Ed25519 key HKDF-SHA-256(recoverySecret, no
 *   salt, "qpq/1 recovery auth")
 */
export async function recoverySeed(recoverySecret: Uint8Array): Promise<Bytes> {
  const material = await crypto.subtle.importKey("raw", recoverySecret as Bytes, "HKDF", false, ["deriveBits"]);
  return new Uint8Array(
    await crypto.subtle.deriveBits(
      { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: label },
      material,
      256,
    ),
  );
}

/** @returns the fields of a vault that depend on the recovery code */
export async function recoveryPart(
  keys: VaultKeys,
  recoverySecret: Uint8Array,
  accountKey: Uint8Array,
): Promise<Pick<Vault, "wrappedByRecovery" | "recoveryKey">> {
  const seed = await recoverySeed(recoverySecret);
  const recoveryKey = await publicEd25519(seed);
  seed.fill(0);
  return { wrappedByRecovery: await wrapVaultKeys(keys, "recovery", recoverySecret, accountKey), recoveryKey };
}
