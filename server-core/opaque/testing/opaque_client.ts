/**
 * The client side of OPAQUE as suite.ts prescribes it, for tests: with Argon2id, or with a cheap replacement
 * that the server can not distinguish.
 */

import { KE2, OpaqueClient, RegistrationResponse } from "@cloudflare/opaque-ts";
import { argon2id } from "hash-wasm";
import type { Bytes } from "../../../schema/bytes.ts";
import { opaqueSuite } from "../../../schema/signed_call.ts";
import { opaqueConfig } from "../suite.ts";

type Config = ConstructorParameters<typeof OpaqueClient>[0];

/** Stretches the OPRF output. */
export type Harden = (y: Uint8Array) => Promise<Uint8Array>;

/** specification §1.7: 64 MiB, t = 3, p = 1. */
export const argon2idHarden: Harden = (y) =>
  argon2id({
    password: y,
    salt: new Uint8Array(16),
    memorySize: 65_536,
    iterations: 3,
    parallelism: 1,
    hashLength: 32,
    outputType: "binary",
  });

/** No stretching, for tests that are not about it. */
export const noHarden: Harden = (y) => Promise.resolve(y);

function clientWith(harden: Harden): { client: OpaqueClient; config: Config } {
  const base = opaqueConfig();
  let hardened: Uint8Array = new Uint8Array();
  const { id, Noe, hash, name } = base.oprf;
  const oprf: Config["oprf"] = {
    id,
    Noe,
    hash,
    name,
    blind: (input) => base.oprf.blind(input),
    evaluate: (key, blinded) => base.oprf.evaluate(key, blinded),
    deriveOPRFKey: (seed) => base.oprf.deriveOPRFKey(seed),
    finalize: async (input, blind, evaluation) => {
      const y = await base.oprf.finalize(input, blind, evaluation);
      hardened = await harden(y);
      return y;
    },
  };
  const { constants, prng, mac, kdf, ake } = base;
  const config: Config = { constants, prng, oprf, hash: base.hash, mac, kdf, ake };
  return { client: new OpaqueClient(config, { name: "hardened", harden: () => hardened }), config };
}

/**
 * @param password any text
 * @returns the request (33 bytes), and a function from the server's response to the record (129 bytes) and
 *   the export key (32 bytes)
 */
export async function startRegistration(password: string, username: string, harden: Harden = noHarden) {
  const { client, config } = clientWith(harden);
  const request = await client.registerInit(password);
  if (request instanceof Error) throw request;
  return {
    request: Uint8Array.from(request.serialize()) as Bytes,
    finish: async (response: Uint8Array) => {
      const out = await client.registerFinish(
        RegistrationResponse.deserialize(config, Array.from(response)),
        undefined,
        username,
      );
      if (out instanceof Error) throw out;
      return {
        record: Uint8Array.from(out.record.serialize()) as Bytes,
        exportKey: Uint8Array.from(out.export_key) as Bytes,
      };
    },
  };
}

/**
 * @returns KE1 (98 bytes), and a function from KE2 to KE3, the session key and the export key, or to an Error
 *   for a wrong password
 */
export async function startLogin(
  password: string,
  username: string,
  harden: Harden = noHarden,
  context: string = opaqueSuite,
) {
  const { client, config } = clientWith(harden);
  const ke1 = await client.authInit(password);
  if (ke1 instanceof Error) throw ke1;
  return {
    ke1: Uint8Array.from(ke1.serialize()) as Bytes,
    finish: async (ke2: Uint8Array) => {
      const out = await client.authFinish(KE2.deserialize(config, Array.from(ke2)), undefined, username, context);
      if (out instanceof Error) return out;
      const { ke3, session_key, export_key } = out;
      return {
        ke3: Uint8Array.from(ke3.serialize()) as Bytes,
        sessionKey: Uint8Array.from(session_key) as Bytes,
        exportKey: Uint8Array.from(export_key) as Bytes,
      };
    },
  };
}
