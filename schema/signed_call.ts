/**
 * What a device signs when it registers, signs in, or makes a sensitive call (specification §4.10).
 */

import { type Bytes, concat, sha256, utf8 } from "./bytes.ts";

/**
 * The OPAQUE suite tag that every handshake names: draft-07 P-256 messages with the Argon2id parameters of
 * specification §1.7. It also stands inside the OPAQUE context.
 */
export const opaqueSuite = "qpq-opaque-1";

/** The calls that need a {@link deviceProofBytes}. */
export type ProvenCall = "putVault" | "putDeviceList" | "revokeSession" | "changePassword" | "deleteAccount";

/** @returns the fields of a vault that a proof covers, in order */
export function vaultFields(
  { sealed, wrappedByPassword, wrappedByRecovery, recoveryKey }: {
    sealed: Uint8Array;
    wrappedByPassword: Uint8Array;
    wrappedByRecovery: Uint8Array;
    recoveryKey: Uint8Array;
  },
): Uint8Array[] {
  return [sealed, wrappedByPassword, wrappedByRecovery, recoveryKey];
}

/**
 * "qpq/1 call" ‖ nonce ‖ SHA-256(name ‖ 0 ‖ for each field: u32 length ‖ bytes).
 *
 * Fields, in order: putVault: u64 expectedVersion and the {@link vaultFields}. putDeviceList: list,
 * signature. revokeSession: sessionId. changePassword: record, u64 expectedVaultVersion and the vault's
 * fields. deleteAccount: list, its signature, the root key's signature.
 *
 * @param nonce 32 bytes from `challenge()`
 */
export async function deviceProofBytes(call: ProvenCall, nonce: Uint8Array, fields: Uint8Array[]): Promise<Bytes> {
  return concat(utf8("qpq/1 call"), nonce, await sha256(utf8(call), new Uint8Array(1), ...framed(fields)));
}

/** @returns each field after its length (u32), so that no two lists of fields give the same bytes */
export function framed(fields: Uint8Array[]): Uint8Array[] {
  return fields.flatMap((field) => {
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, field.length);
    return [length, field];
  });
}

/**
 * Signed by the first device of a new account. The vault is in it, because whoever passes the call on could
 * put a recovery key of their own in.
 *
 * @returns "qpq/1 register" ‖ SHA-256(for record and each of {@link vaultFields}: u32 length ‖ bytes) ‖
 *   username
 */
export async function registrationBytes(
  record: Uint8Array,
  username: string,
  vault: Parameters<typeof vaultFields>[0],
): Promise<Bytes> {
  return concat(utf8("qpq/1 register"), await sha256(...framed([record, ...vaultFields(vault)])), utf8(username));
}

/**
 * @param opaqueSessionKey the secret both sides share after OPAQUE (never sent); only its hash is signed
 * @returns "qpq/1 login" ‖ SHA-256(opaqueSessionKey)
 */
export async function loginBytes(opaqueSessionKey: Uint8Array): Promise<Bytes> {
  return concat(utf8("qpq/1 login"), await sha256(opaqueSessionKey));
}

/**
 * Signed by the account's root key, which only the password or the recovery code opens: a device alone can not delete
 * its account.
 *
 * @param nonce 32 bytes from `challenge()`, the one of the call's device proof
 * @param accountKey 32 bytes
 * @param list the CBOR of the account's last device list, or empty
 * @returns "qpq/1 delete account" ‖ nonce ‖ SHA-256(for accountKey, list: u32 length ‖ bytes)
 */
export async function deletionBytes(nonce: Uint8Array, accountKey: Uint8Array, list: Uint8Array): Promise<Bytes> {
  return concat(utf8("qpq/1 delete account"), nonce, await sha256(...framed([accountKey, list])));
}
