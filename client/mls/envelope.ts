/**
 * The message envelope (specification §2.5): the part of a message that the server sees. Wire form: CBOR array
 * [version, suite, kind, epoch, salt, ciphertext].
 */

import { type Bytes, concat, u64, utf8 } from "../../schema/bytes.ts";
import { decodeCbor, encodeCbor } from "../../schema/cbor.ts";
import { MalformedError } from "../../schema/malformed_error.ts";
import { bytesOf, countOf } from "../../schema/shape.ts";
import { openAesGcm, sealAesGcm } from "../crypto/aead.ts";
import { hkdfExpand } from "../crypto/hkdf.ts";
import type { EnvelopeKind } from "./types.ts";

const envelopeVersion = 1;
/** 1 = MLS ciphersuite 1 with X-Wing headers and AES-256-GCM envelopes. */
const envelopeSuite = 1;
export const messageIdLength = 16;
const saltLength = 16;

const kindCodes: Record<EnvelopeKind, number> = { application: 1, proposal: 2, ephemeral: 3 };
const kindNames = ["", "application", "proposal", "ephemeral"] as const;

export interface Envelope {
  kind: EnvelopeKind;
  epoch: bigint;
  salt: Bytes;
  ciphertext: Bytes;
}

/** The fields that the AAD binds besides version and suite. */
export interface EnvelopeContext {
  kind: EnvelopeKind;
  channelId: Uint8Array;
  epoch: bigint;
  messageId: Uint8Array;
}

/** @returns version ‖ suite ‖ kind ‖ channelId ‖ u64 epoch ‖ messageId: 67 bytes */
export function envelopeAad({ kind, channelId, epoch, messageId }: EnvelopeContext): Bytes {
  return concat(new Uint8Array([envelopeVersion, envelopeSuite, kindCodes[kind]]), channelId, u64(epoch), messageId);
}

/** @returns messageId ‖ kind: the authenticated_data of the PrivateMessage inside */
export function innerAuthenticatedData(messageId: Uint8Array, kind: EnvelopeKind): Bytes {
  return concat(messageId, new Uint8Array([kindCodes[kind]]));
}

function envelopeKeys(appKey: Uint8Array, kind: EnvelopeKind, salt: Uint8Array) {
  const okm = hkdfExpand(appKey, concat(utf8(kind === "ephemeral" ? "qpq/1 eph" : "qpq/1 msg"), salt), 44);
  return { key: okm.subarray(0, 32), nonce: okm.subarray(32) };
}

/**
 * @param appKey 32 bytes, of the envelope's epoch
 * @param salt 16 bytes for test vectors alone; random when left out, so that sealing again never repeats a key
 */
export async function sealEnvelope(
  appKey: Uint8Array,
  context: EnvelopeContext,
  inside: Uint8Array,
  salt: Uint8Array = crypto.getRandomValues(new Uint8Array(saltLength)),
): Promise<Bytes> {
  const { key, nonce } = envelopeKeys(appKey, context.kind, salt);
  const ciphertext = await sealAesGcm(key, nonce, envelopeAad(context), inside);
  return encodeCbor([envelopeVersion, envelopeSuite, kindCodes[context.kind], context.epoch, salt, ciphertext]);
}

/** @throws MalformedError: not an envelope of this version and suite */
export function decodeEnvelope(bytes: Uint8Array): Envelope {
  const fields = decodeCbor(bytes);
  if (!Array.isArray(fields) || fields.length !== 6) throw new MalformedError("envelope: not six fields");
  const [version, suite, kind, epoch, salt, ciphertext] = fields;
  if (version !== envelopeVersion) throw new MalformedError("envelope: version");
  if (suite !== envelopeSuite) throw new MalformedError("envelope: suite");
  if (kind !== 1 && kind !== 2 && kind !== 3) throw new MalformedError("envelope: kind");
  return {
    kind: kindNames[kind] as EnvelopeKind,
    epoch: BigInt(countOf(epoch, "epoch")),
    salt: bytesOf(salt, saltLength, "salt"),
    ciphertext: bytesOf(ciphertext, undefined, "ciphertext"),
  };
}

/** @returns the plaintext, or undefined when key or AAD do not fit */
export async function openEnvelope(
  appKey: Uint8Array,
  envelope: Envelope,
  context: EnvelopeContext,
): Promise<Bytes | undefined> {
  const { key, nonce } = envelopeKeys(appKey, envelope.kind, envelope.salt);
  return await openAesGcm(key, nonce, envelopeAad(context), envelope.ciphertext);
}
