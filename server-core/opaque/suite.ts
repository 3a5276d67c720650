/**
 * The one OPAQUE suite, `qpq-opaque-1`: draft-irtf-cfrg-opaque-07 as `@cloudflare/opaque-ts` 0.7.5 implements
 * it, with P-256, SHA-256, 3DH, and Argon2id on the client (docs/decisions/007).
 *
 * Both sides must agree on:
 *
 * - Configuration: `getOpaqueConfig(OpaqueID.OPAQUE_P256)`.
 * - Credential identifier (server only): the username.
 * - Client identity: the username, in both `registerFinish` and `authFinish`.
 * - Server identity: undefined on both sides, so that it is the server's AKE public key.
 * - Context of the handshake: the suite tag, `opaqueSuite` of schema/signed_call.ts.
 * - Lengths: every message has one exact length (`message_bytes.ts`). opaque-ts cuts longer messages off without
 *   an error, so each side checks lengths before `deserialize`.
 *
 * The server needs no memory-hard function. opaque-ts calls `harden(y)` synchronously and `hash-wasm` answers by
 * Promise, so the client runs Argon2id one step earlier, in the asynchronous `oprf.finalize` of its own
 * configuration. `testing/opaque_client.ts` shows the client's whole side and is tested against the worker.
 */

import { getOpaqueConfig, OpaqueID } from "@cloudflare/opaque-ts";

/** @returns a fresh configuration object of the suite */
export function opaqueConfig() {
  return getOpaqueConfig(OpaqueID.OPAQUE_P256);
}
