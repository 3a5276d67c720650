/**
 * The client's side of OPAQUE, suite "qpq-opaque-1": `@cloudflare/opaque-ts` (draft-07, P-256) with Argon2id
 * as its memory-hard function. Both sides follow server-core/opaque/suite.ts:
 * client identity = username, server identity = none, context = the suite tag.
 */

import { type Config, getOpaqueConfig, KE2, OpaqueClient, OpaqueID, RegistrationResponse } from "@cloudflare/opaque-ts";
import { argon2id } from "hash-wasm";
import type { Bytes } from "../../../schema/bytes.ts";
import { opaqueSuite } from "../../../schema/signed_call.ts";
import { EngineError, LocalCode } from "../../api/errors.ts";
import { badAnswer } from "../errors.ts";

/**
 * The suite's tag and its memory-hard function. Only tests use another suite than {@link suite1}, because
 * passwords would be cheap to guess.
 */
export interface OpaqueSuite {
  readonly tag: string;
  /** @param y 32 bytes: the OPRF's output. @returns 32 bytes */
  harden(y: Uint8Array): Promise<Uint8Array>;
}

/**
 * Argon2id with 64 MiB, t = 3, p = 1 and an all-zero salt (RFC 9807 §7: the OPRF output depends on the salt
 * already). The parameters are fixed here and never taken from the server.
 */
export const suite1: OpaqueSuite = {
  tag: opaqueSuite,
  harden: (y) =>
    argon2id({
      password: y,
      salt: new Uint8Array(16),
      memorySize: 65_536,
      iterations: 3,
      parallelism: 1,
      hashLength: 32,
      outputType: "binary",
    }),
};

// Every message has one exact length; opaque-ts silently truncates longer ones.
const registrationResponseLength = 66;
const ke2Length = 259;

export interface StartedRegistration {
  /** 33 bytes, for `registerStart`. */
  request: Bytes;
  /**
   * @param response of the server
   * @returns the record (129 bytes) for `registerFinish`, and the export key (32 bytes): zero it after use
   */
  finish(response: Uint8Array): Promise<{ record: Bytes; exportKey: Bytes }>;
}

export interface StartedLogin {
  /** 98 bytes, for `loginStart`. */
  ke1: Bytes;
  /**
   * @param ke2 of the server
   * @returns `ke3` (32 bytes) for `loginFinish`, the session key that the device signs, and the export key:
   *   zero both after use
   * @throws EngineError L022: the password is wrong or the user unknown; the server's answer does not tell
   *   which
   */
  finish(ke2: Uint8Array): Promise<{ ke3: Bytes; sessionKey: Bytes; exportKey: Bytes }>;
}

/** @param password already normalised and checked (password.ts) */
export async function startRegistration(
  password: string,
  username: string,
  suite: OpaqueSuite = suite1,
): Promise<StartedRegistration> {
  const { client, config } = hardenedClient(suite);
  const request = successful(await client.registerInit(password));
  return {
    request: Uint8Array.from(request.serialize()),
    async finish(response) {
      const read = received(
        response,
        registrationResponseLength,
        () => RegistrationResponse.deserialize(config, Array.from(response)),
      );
      const finished = successful(await client.registerFinish(read, undefined, username));
      return { record: Uint8Array.from(finished.record.serialize()), exportKey: moved(finished.export_key) };
    },
  };
}

/** @param password already normalised (password.ts) */
export async function startLogin(
  password: string,
  username: string,
  suite: OpaqueSuite = suite1,
): Promise<StartedLogin> {
  const { client, config } = hardenedClient(suite);
  const ke1 = successful(await client.authInit(password));
  return {
    ke1: Uint8Array.from(ke1.serialize()),
    async finish(ke2) {
      const read = received(ke2, ke2Length, () => KE2.deserialize(config, Array.from(ke2)));
      const finished = await client.authFinish(read, undefined, username, suite.tag);
      if (finished instanceof Error) {
        throw new EngineError({ code: LocalCode.wrongPassword, detail: "wrong password or unknown user" });
      }
      return {
        ke3: Uint8Array.from(finished.ke3.serialize()),
        sessionKey: moved(finished.session_key),
        exportKey: moved(finished.export_key),
      };
    },
  };
}

/**
 * opaque-ts needs the result of the memory-hard function synchronously, but Argon2id is asynchronous. So it runs one
 * step earlier, where the OPRF is finalised.
 */
function hardenedClient(suite: OpaqueSuite): { client: OpaqueClient; config: Config } {
  const base = getOpaqueConfig(OpaqueID.OPAQUE_P256);
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
      const y = await onCurve(() => base.oprf.finalize(input, blind, evaluation));
      hardened = await suite.harden(y);
      return y;
    },
  };
  const { constants, prng, mac, kdf, ake } = base;
  const config: Config = { constants, prng, oprf, hash: base.hash, mac, kdf, ake };
  return { client: new OpaqueClient(config, { name: "argon2id", harden: () => hardened }), config };
}

/** opaque-ts returns its errors. Here an error can only mean calls in a wrong order. */
function successful<T>(result: T | Error): T {
  if (result instanceof Error) throw result;
  return result;
}

function received<T>(bytes: Uint8Array, length: number, read: () => T): T {
  try {
    if (bytes.length === length) return read();
  } catch {
    // Not a point of the curve: malformed, like a wrong length.
  }
  throw malformedAnswer();
}

/** The OPRF throws for an evaluation that is no point of the curve. */
async function onCurve<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch {
    throw malformedAnswer();
  }
}

function malformedAnswer(): Error {
  return badAnswer("the server's OPAQUE answer is malformed");
}

/** Copies a secret out of the library's array and wipes the array. */
function moved(numbers: number[]): Bytes {
  const bytes = Uint8Array.from(numbers);
  numbers.fill(0);
  return bytes;
}
