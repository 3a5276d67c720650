/**
 * The server's OPAQUE keys. They are made at the first start and kept in the database. Without them no
 * password is valid.
 */

import { RegistrationRecord } from "@cloudflare/opaque-ts";
import type { Bytes } from "../../schema/bytes.ts";
import { opaqueConfig } from "./suite.ts";

export interface OpaqueServerKeys {
  /** 32 bytes: each account's OPRF key is derived from it and the username. */
  oprfSeed: Bytes;
  /** 32 bytes: P-256 scalar. */
  akePrivateKey: Bytes;
  /** 33 bytes: compressed point; the server's identity in the handshake. */
  akePublicKey: Bytes;
  /** 129 bytes: replaces the record of an unknown user, as RFC 9807 §10.9 (client enumeration) recommends. */
  fakeRecord: Bytes;
  /** 32 bytes: from it each unknown user gets an own masking key, always the same. */
  fakeSecret: Bytes;
}

/** @returns fresh random keys */
export async function generateOpaqueServerKeys(): Promise<OpaqueServerKeys> {
  const config = opaqueConfig();
  const { private_key, public_key } = await config.ake.generateAuthKeyPair();
  const fakeRecord = await RegistrationRecord.createFake(config);
  return {
    oprfSeed: crypto.getRandomValues(new Uint8Array(config.hash.Nh)),
    akePrivateKey: Uint8Array.from(private_key),
    akePublicKey: Uint8Array.from(public_key),
    fakeRecord: Uint8Array.from(fakeRecord.serialize()),
    fakeSecret: crypto.getRandomValues(new Uint8Array(32)),
  };
}
