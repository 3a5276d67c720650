/**
 * The one OPAQUE suite, "qpq-opaque-1": draft-irtf-cfrg-opaque-07 as `@cloudflare/opaque-ts` 0.7.5 has it,
 * P-256, SHA-256, 3DH, Argon2id on the client.
 *
 * What both sides must agree on, and how a client gets there with opaque-ts (`testing/opaque_client.ts` is
 * exactly this, and is tested against the worker):
 *
 * - Configuration: `getOpaqueConfig(OpaqueID.OPAQUE_P256)`.
 * - Credential identifier (server only): the username. Client identity: the username, in both
 *   `registerFinish` and `authFinish`. Server identity: undefined on both sides, so that it is the server's
 *   AKE public key. Context of the handshake: the suite tag, `opaqueSuite` of schema/signed_call.ts.
 * - Memory-hard function: the server needs none. opaque-ts wants `harden(y)` to return bytes at once and
 *   `hash-wasm` gives a Promise, so Argon2id runs one step earlier, in the asynchronous `oprf.finalize` of a
 *   configuration of the client's own, and `harden` returns what that step kept:
 *
 *       const base = getOpaqueConfig(OpaqueID.OPAQUE_P256);
 *       let hardened = new Uint8Array();
 *       const { id, Noe, hash, name } = base.oprf;
 *       const oprf = { id, Noe, hash, name, blind: (input) => base.oprf.blind(input), evaluate: (key, blinded) => base.oprf.evaluate(key, blinded),
 *         deriveOPRFKey: (seed) => base.oprf.deriveOPRFKey(seed),
 *         finalize: async (input, blind, evaluation) => {
 *           const y = await base.oprf.finalize(input, blind, evaluation);
 *           hardened = await argon2id({ password: y, salt: new Uint8Array(16), memorySize: 65536, iterations: 3, parallelism: 1, hashLength: 32, outputType: "binary" });
 *           return y;
 *         } };
 *       const { constants, prng, mac, kdf, ake } = base;
 *       const config = { constants, prng, oprf, hash: base.hash, mac, kdf, ake };
 *       const client = new OpaqueClient(config, { name: "argon2id", harden: () => hardened });   // one OpaqueClient for each handshake
 *
 * - Registration: `request = await client.registerInit(password)`; send
 *   `Uint8Array.from(request.serialize())` (33 bytes) with `registerStart`; `out = await
 *   client.registerFinish(RegistrationResponse.deserialize(config, Array.from(response)), undefined,
 *   username)`; `out instanceof Error` is a failure; else send `Uint8Array.from(out.record.serialize())` (129
 *   bytes) with `registerFinish` or `changePassword`; `out.export_key` (32 numbers) wraps the vault's key.
 * - Login: `ke1 = await client.authInit(password)` (98 bytes) → `loginStart`; `out = await
 *   client.authFinish(KE2.deserialize(config, Array.from(ke2)), undefined, username, opaqueSuite)`; `out
 *   instanceof Error` is a wrong password (or an unknown user: both look like this, say E008 to the user;
 *   nothing is sent). Else send `out.ke3.serialize()` (32 bytes) with `loginFinish`, and sign
 *   `loginBytes(Uint8Array.from(out.session_key))` (32 bytes) with the device key. `out.export_key` opens the
 *   vault.
 *
 * Every message has one exact length. opaque-ts cuts longer ones off silently, so both sides check lengths
 * themselves before `deserialize`.
 */

import { getOpaqueConfig, OpaqueID } from "@cloudflare/opaque-ts";

/** @returns a fresh configuration object of the suite */
export function opaqueConfig() {
  return getOpaqueConfig(OpaqueID.OPAQUE_P256);
}
