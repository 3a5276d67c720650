/**
 * What the recovery code proves to the server (docs/decisions/018): an Ed25519 key that comes from the code
 * signs each step.
 */

import { type Bytes, concat, sha256, utf8 } from "./bytes.ts";
import { framed } from "./signed_call.ts";

/**
 * @param nonce 32 bytes of `recoverStart`
 * @param request OPAQUE RegistrationRequest, 33 bytes
 * @returns "qpq/1 recover open" ‖ nonce ‖ SHA-256(for username, request: u32 length ‖ bytes)
 */
export async function recoverOpenBytes(nonce: Uint8Array, username: string, request: Uint8Array): Promise<Bytes> {
  return concat(utf8("qpq/1 recover open"), nonce, await sha256(...framed([utf8(username), request])));
}

/**
 * @param fields record, u64 expectedVaultVersion and the vault's fields (`vaultFields`)
 * @returns "qpq/1 recover finish" ‖ nonce ‖ SHA-256(for each field: u32 length ‖ bytes)
 */
export async function recoverFinishBytes(nonce: Uint8Array, fields: Uint8Array[]): Promise<Bytes> {
  return concat(utf8("qpq/1 recover finish"), nonce, await sha256(...framed(fields)));
}
