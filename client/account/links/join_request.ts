/**
 * Requests by invite links (specification §9.3): sealed to the link's X-Wing key, and bound to its secret and to the
 * account that asks.
 *
 *     prk = HKDF-Extract(salt "qpq/1 link", secret)
 *     token = HKDF-Expand(prk, "token", 32)         shown to the server, which stores SHA-256 of it
 *     psk = HKDF-Expand(prk, "request", 32)
 *     (ct, ss) = X-Wing.Encapsulate(link's public key)
 *     key ‖ nonce = HKDF-Expand(HKDF-Extract(salt psk, ss),
 *                   "qpq/1 join request" ‖ SHA-256(token) ‖ account key of who asks ‖ SHA-256(ct), 32 + 12)
 *     sealed = 1 ‖ ct (1,120) ‖ AES-256-GCM(key, nonce, padded CBOR {atMs, note})
 */

import { type Bytes, concat, sha256, utf8 } from "../../../schema/bytes.ts";
import { decodeCbor, encodeCbor } from "../../../schema/cbor.ts";
import { countOf, recordOf, textOf } from "../../../schema/shape.ts";
import { openAesGcm, sealAesGcm } from "../../crypto/aead.ts";
import { hkdfExpand, hkdfExtract } from "../../crypto/hkdf.ts";
import { xwing, xwingCiphertextLength, type XWingEncapsulation } from "../../crypto/xwing.ts";

/** What somebody says who asks. */
export interface JoinRequestContent {
  /** When it was sealed, ms since the Unix epoch, by the clock of who asks. */
  atMs: number;
  note: string;
}

/** UTF-16 units of a note. */
export const maxNoteLength = 500;
const version = 1;
/** Every request has this length, whatever its note: 4 bytes, at most 1,530 of CBOR, zeros. */
const paddedLength = 2048;
const nothing = new Uint8Array();

/** What follows from a link's secret. */
export interface LinkKeys {
  /** 32 bytes. */
  token: Bytes;
  /** 32 bytes: SHA-256 of the token, by which the server knows the link. */
  linkHash: Bytes;
  /** 32 bytes. */
  psk: Bytes;
}

/** @param secret 16 bytes @returns the keys of a link */
export async function linkKeys(secret: Uint8Array): Promise<LinkKeys> {
  const prk = hkdfExtract(utf8("qpq/1 link"), secret);
  const token = hkdfExpand(prk, utf8("token"), 32);
  return { token, linkHash: await sha256(token), psk: hkdfExpand(prk, utf8("request"), 32) };
}

/**
 * Seals a request.
 *
 * @param publicKey of the link, 1,216 bytes; its hash was compared with the link
 * @param accountKey 32 bytes: of who asks
 * @param encapsulation for test vectors alone
 * @returns the sealed bytes; undefined for a key that can not be used
 */
export async function sealJoinRequest(
  { linkHash, psk }: LinkKeys,
  publicKey: Uint8Array,
  accountKey: Uint8Array,
  content: JoinRequestContent,
  encapsulation?: XWingEncapsulation,
): Promise<Bytes | undefined> {
  const made = encapsulation ?? await (await xwing()).encapsulate(publicKey);
  if (!made) return undefined;
  const cbor = encodeCbor(content);
  const padded = new Uint8Array(paddedLength);
  new DataView(padded.buffer).setUint32(0, cbor.length);
  padded.set(cbor, 4);
  const { key, nonce } = await keyOf(linkHash, psk, accountKey, made);
  return concat(new Uint8Array([version]), made.ciphertext, await sealAesGcm(key, nonce, nothing, padded));
}

/**
 * Opens a request.
 *
 * @param seed 32 bytes: the link's private key
 * @param accountKey 32 bytes: of who asks, as the server says
 * @returns the content; undefined where anything of it does not belong together
 */
export async function openJoinRequest(
  { linkHash, psk }: LinkKeys,
  seed: Uint8Array,
  accountKey: Uint8Array,
  sealed: Uint8Array,
): Promise<JoinRequestContent | undefined> {
  const at = 1 + xwingCiphertextLength;
  if (sealed.length !== at + paddedLength + 16 || sealed[0] !== version) return undefined;
  const ciphertext = sealed.slice(1, at);
  const sharedSecret = await (await xwing()).decapsulate(seed, ciphertext);
  if (!sharedSecret) return undefined;
  const { key, nonce } = await keyOf(linkHash, psk, accountKey, { ciphertext, sharedSecret });
  const padded = await openAesGcm(key, nonce, nothing, sealed.subarray(at));
  if (!padded) return undefined;
  try {
    const length = new DataView(padded.buffer, padded.byteOffset).getUint32(0);
    const fields = recordOf(decodeCbor(padded.subarray(4, 4 + length)), ["atMs", "note"], "join request");
    return { atMs: countOf(fields.atMs, "atMs"), note: textOf(fields.note, maxNoteLength, "note") };
  } catch {
    return undefined;
  }
}

async function keyOf(
  linkHash: Uint8Array,
  psk: Uint8Array,
  accountKey: Uint8Array,
  { ciphertext, sharedSecret }: XWingEncapsulation,
): Promise<{ key: Bytes; nonce: Bytes }> {
  const info = concat(utf8("qpq/1 join request"), linkHash, accountKey, await sha256(ciphertext));
  const both = hkdfExpand(hkdfExtract(psk, sharedSecret), info, 44);
  return { key: both.slice(0, 32), nonce: both.slice(32) };
}
