/**
 * A message's content sealed to one device (specification §3.8): the answer to a device that could not open the
 * message, and a resend that a later device must not read. The X-Wing layer is that of the headers (hybrid.ts).
 */

import { type Bytes, concat, u64, utf8 } from "../../schema/bytes.ts";
import { MalformedError } from "../../schema/malformed_error.ts";
import { openAesGcm, sealAesGcm } from "../crypto/aead.ts";
import { hkdfSha256, sha256 } from "../crypto/hkdf.ts";
import { spread } from "../crypto/parallel.ts";
import { xwing, xwingCiphertextLength } from "../crypto/xwing.ts";
import { pad, unpad } from "./padding.ts";

/** What a given content is bound to. */
export interface GivenContext {
  /** 32 bytes: the channel that both devices share now. */
  channelId: Uint8Array;
  /** 32 bytes: the channel in which the message was sent, and its epoch there. */
  sentIn: Uint8Array;
  n: bigint;
  /** 16 bytes */
  messageId: Uint8Array;
  /** recipientKeys of the giving and of the receiving device, 32 bytes each. */
  from: Uint8Array;
  to: Uint8Array;
}

/** @returns channelId ‖ sentIn ‖ u64 n ‖ messageId ‖ from ‖ to: 152 bytes */
export function givenAad({ channelId, sentIn, n, messageId, from, to }: GivenContext): Bytes {
  return concat(channelId, sentIn, u64(n), messageId, from, to);
}

async function givenKeys(sharedSecret: Uint8Array, publicKey: Uint8Array, ciphertext: Uint8Array, aad: Uint8Array) {
  const info = concat(utf8("qpq/1 given"), await sha256(publicKey), await sha256(ciphertext), aad);
  const okm = hkdfSha256(sharedSecret, info, 44);
  return { key: okm.subarray(0, 32), nonce: okm.subarray(32) };
}

/**
 * @param publicKey the X-Wing key of the receiving device's present leaf
 * @returns X-Wing ciphertext (1,120 bytes) ‖ AEAD(padded content); undefined when the key is not usable
 */
export async function sealGiven(
  content: Uint8Array,
  publicKey: Uint8Array,
  context: GivenContext,
): Promise<Bytes | undefined> {
  const sealed = await spread({ kind: "encapsulate", publicKey });
  return sealed && await finishGiven(content, publicKey, sealed.ciphertext, sealed.sharedSecret, context);
}

/** Seals under a given encapsulation. It is separate from {@link sealGiven} so that vectors can pin it. */
export async function finishGiven(
  content: Uint8Array,
  publicKey: Uint8Array,
  ciphertext: Uint8Array,
  sharedSecret: Uint8Array,
  context: GivenContext,
): Promise<Bytes> {
  const aad = givenAad(context);
  const { key, nonce } = await givenKeys(sharedSecret, publicKey, ciphertext, aad);
  return concat(ciphertext, await sealAesGcm(key, nonce, aad, pad(content)));
}

/**
 * @param seed 32 bytes: the X-Wing private key of the own leaf
 * @returns the content; undefined when it is not for this key, message, channel or pair of devices
 */
export async function openGiven(
  sealed: Uint8Array,
  seed: Uint8Array,
  context: GivenContext,
): Promise<Bytes | undefined> {
  const kem = await xwing();
  const ciphertext = sealed.subarray(0, xwingCiphertextLength);
  const sharedSecret = await kem.decapsulate(seed, ciphertext);
  if (sharedSecret === undefined) return undefined;
  const aad = givenAad(context);
  const { key, nonce } = await givenKeys(sharedSecret, await kem.publicKey(seed), ciphertext, aad);
  const padded = await openAesGcm(key, nonce, aad, sealed.subarray(xwingCiphertextLength));
  try {
    return padded && unpad(padded);
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
}
