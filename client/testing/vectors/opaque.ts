/**
 * OPAQUE draft-07's P-256 vectors through @cloudflare/opaque-ts: the identity KSF here alone; blinds, nonces
 * and key shares injected.
 */

import {
  type Config,
  getOpaqueConfig,
  IdentityMemHardFn,
  KE1,
  OpaqueClient,
  OpaqueID,
  OpaqueServer,
  RegistrationRecord,
} from "@cloudflare/opaque-ts";
import { p256, p256_hasher } from "@noble/curves/nist.js";
import { concat, fromHex, toHex, utf8 } from "../../../schema/bytes.ts";
import { Checker, type VectorCount, VectorError } from "./check.ts";

interface OpaqueVector {
  config: { Group: string; Fake: string; Context: string };
  inputs: Record<string, string>;
  outputs: Record<string, string>;
}

/** @throws VectorError */
export async function runOpaqueVectors(json: unknown): Promise<VectorCount> {
  const check = new Checker("opaque draft-07");
  for (const vector of json as OpaqueVector[]) {
    if (!vector.config.Group.startsWith("P256")) continue;
    if (vector.config.Fake === "True") await fakeLogin(vector, check);
    else await registerAndLogIn(vector, check);
  }
  return check.count();
}

/** A configuration whose randomness is given: `nonces` in the order of use, one key share, one blind. */
function fixedConfig(
  nonces: string[],
  keyShare: { priv: string; pub: string } | undefined,
  blind: string | undefined,
): Config {
  const config = getOpaqueConfig(OpaqueID.OPAQUE_P256);
  const queue = [...nonces];
  config.prng.random = () => {
    const nonce = queue.shift();
    if (nonce === undefined) throw new VectorError("opaque: more randomness asked for than the vector has");
    return Array.from(fromHex(nonce));
  };
  if (keyShare !== undefined) {
    config.ake.generateAuthKeyPair = async () => ({
      private_key: Array.from(fromHex(keyShare.priv)),
      public_key: Array.from(fromHex(keyShare.pub)),
    });
  }
  if (blind !== undefined) config.oprf.blind = async (input) => blinded(input, blind, config.oprf.id);
  return config;
}

// The blinding of VOPRF draft-08 §3.3.1, which draft-07 of OPAQUE uses: blind · HashToGroup(input).
function blinded(input: Uint8Array, blind: string, suite: number) {
  const DST = concat(utf8("HashToGroup-VOPRF08-"), new Uint8Array([0, 0, suite]));
  const element = p256.Point.fromAffine(p256_hasher.hashToCurve(input, { DST }).toAffine()).multiply(
    BigInt(`0x${blind}`),
  );
  return { blind: fromHex(blind), blindedElement: element.toBytes(true) };
}

const text = (hex: string) => new TextDecoder().decode(fromHex(hex));
const optionalText = (hex: string | undefined) => hex === undefined ? undefined : text(hex);

function serverOf(inputs: Record<string, string>, nonces: string[]): OpaqueServer {
  const config = fixedConfig(nonces, { priv: inputs.server_private_keyshare, pub: inputs.server_keyshare }, undefined);
  const keyPair = {
    private_key: Array.from(fromHex(inputs.server_private_key)),
    public_key: Array.from(fromHex(inputs.server_public_key)),
  };
  return new OpaqueServer(config, Array.from(fromHex(inputs.oprf_seed)), keyPair, optionalText(inputs.server_identity));
}

function must<T>(value: T | Error): T {
  if (value instanceof Error) throw new VectorError(`opaque: ${value.message}`);
  return value;
}

const hex = (bytes: number[]) => toHex(Uint8Array.from(bytes));

async function registerAndLogIn({ config: { Context }, inputs, outputs }: OpaqueVector, check: Checker): Promise<void> {
  const [password, credential, clientId, serverId, context] = [
    text(inputs.password),
    text(inputs.credential_identifier),
    optionalText(inputs.client_identity),
    optionalText(inputs.server_identity),
    text(Context),
  ];
  const server = serverOf(inputs, [inputs.masking_nonce, inputs.server_nonce]);

  const registering = new OpaqueClient(
    fixedConfig([inputs.envelope_nonce], undefined, inputs.blind_registration),
    IdentityMemHardFn,
  );
  const request = must(await registering.registerInit(password));
  check.equal(hex(request.serialize()), outputs.registration_request, "registration request");
  const response = must(await server.registerInit(request, credential));
  check.equal(hex(response.serialize()), outputs.registration_response, "registration response");
  const { record, export_key } = must(await registering.registerFinish(response, serverId, clientId));
  check.equal(hex(record.serialize()), outputs.registration_upload, "registration record");
  check.equal(hex(export_key), outputs.export_key, "export key");

  const clientShare = { priv: inputs.client_private_keyshare, pub: inputs.client_keyshare };
  const client = new OpaqueClient(
    fixedConfig([inputs.client_nonce], clientShare, inputs.blind_login),
    IdentityMemHardFn,
  );
  const ke1 = must(await client.authInit(password));
  check.equal(hex(ke1.serialize()), outputs.KE1, "KE1");
  const { ke2, expected } = must(await server.authInit(ke1, record, credential, clientId, context));
  check.equal(hex(ke2.serialize()), outputs.KE2, "KE2");
  const finished = must(await client.authFinish(ke2, serverId, clientId, context));
  check.equal(hex(finished.ke3.serialize()), outputs.KE3, "KE3");
  check.equal(hex(finished.export_key), outputs.export_key, "export key at login");
  check.equal(hex(finished.session_key), outputs.session_key, "session key of the client");
  check.equal(
    hex(must(server.authFinish(finished.ke3, expected)).session_key),
    outputs.session_key,
    "session key of the server",
  );
}

/** The answer to a login for an unknown user (draft-07 §6.3.2.2). */
async function fakeLogin({ config: { Context }, inputs, outputs }: OpaqueVector, check: Checker): Promise<void> {
  const server = serverOf(inputs, [inputs.masking_nonce, inputs.server_nonce]);
  const ke1 = KE1.deserialize(server.config, Array.from(fromHex(inputs.KE1)));
  const emptyEnvelope = new Uint8Array(64);
  const record = RegistrationRecord.deserialize(
    server.config,
    Array.from(concat(fromHex(inputs.client_public_key), fromHex(inputs.masking_key), emptyEnvelope)),
  );
  const { ke2 } = must(
    await server.authInit(
      ke1,
      record,
      text(inputs.credential_identifier),
      optionalText(inputs.client_identity),
      text(Context),
    ),
  );
  check.equal(hex(ke2.serialize()), outputs.KE2, "KE2 of the fake record");
}
