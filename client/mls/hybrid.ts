/**
 * The hybrid key schedule around MLS commits (specification §2): the PSK's id, a header for each member, and
 * one seal each for commit and Welcome.
 */

import { type Bytes, concat, u64, utf8 } from "../../schema/bytes.ts";
import { openAesGcm, sealAesGcm } from "../crypto/aead.ts";
import { hkdfExpand, hkdfExtract, hkdfSha256, sha256 } from "../crypto/hkdf.ts";
import { spread } from "../crypto/parallel.ts";
import { xwing, xwingCiphertextLength } from "../crypto/xwing.ts";

/** X-Wing ciphertext 1,120 ‖ AEAD(S) 48. */
const headerLength = xwingCiphertextLength + 48;
/** S, 32 random bytes a commit. */
export const epochSecretLength = 32;

const empty = new Uint8Array();

/** The recipient and the epoch of a header. */
export interface HeaderContext {
  channelId: Uint8Array;
  n: bigint;
  recipientKey: Uint8Array;
}

/** @returns the id of the one external PSK of the commit to epoch n */
export function epochPskId(channelId: Uint8Array, n: bigint): Bytes {
  return concat(utf8("qpq/1 epoch"), channelId, u64(n));
}

async function headerKeys(
  sharedSecret: Uint8Array,
  publicKey: Uint8Array,
  ciphertext: Uint8Array,
  { channelId, n, recipientKey }: HeaderContext,
) {
  const info = concat(
    utf8("qpq/1 header"),
    await sha256(publicKey),
    await sha256(ciphertext),
    channelId,
    u64(n),
    recipientKey,
  );
  const okm = hkdfSha256(sharedSecret, info, 44);
  return { key: okm.subarray(0, 32), nonce: okm.subarray(32) };
}

/**
 * @param S 32 bytes
 * @param publicKey the member's X-Wing key after the commit's proposals
 * @returns 1,168 bytes, or undefined when the key is not usable
 */
export async function sealHeader(
  S: Uint8Array,
  publicKey: Uint8Array,
  context: HeaderContext,
): Promise<Bytes | undefined> {
  const sealed = await spread({ kind: "encapsulate", publicKey });
  if (sealed === undefined) return undefined;
  return await finishHeader(S, publicKey, sealed.ciphertext, sealed.sharedSecret, context);
}

/**
 * Makes the header from a given encapsulation. It is separate from {@link sealHeader} so that vectors can pin
 * it.
 */
export async function finishHeader(
  S: Uint8Array,
  publicKey: Uint8Array,
  ciphertext: Uint8Array,
  sharedSecret: Uint8Array,
  context: HeaderContext,
): Promise<Bytes> {
  const { key, nonce } = await headerKeys(sharedSecret, publicKey, ciphertext, context);
  return concat(ciphertext, await sealAesGcm(key, nonce, empty, S));
}

/** @returns S, or undefined when the header is not for this key, epoch, channel or device */
export async function openHeader(
  header: Uint8Array,
  seed: Uint8Array,
  context: HeaderContext,
): Promise<Bytes | undefined> {
  if (header.length !== headerLength) return undefined;
  const kem = await xwing();
  const ciphertext = header.subarray(0, xwingCiphertextLength);
  const sharedSecret = await kem.decapsulate(seed, ciphertext);
  if (sharedSecret === undefined) return undefined;
  const { key, nonce } = await headerKeys(sharedSecret, await kem.publicKey(seed), ciphertext, context);
  const S = await openAesGcm(key, nonce, empty, header.subarray(xwingCiphertextLength));
  return S?.length === epochSecretLength ? S : undefined;
}

/** The two bodies of a bundle. */
export type BundlePart = "commit" | "welcome";

/** @returns commitKey or welcomeKey, 32 bytes */
export async function bundleKey(part: BundlePart, S: Uint8Array, channelId: Uint8Array, n: bigint): Promise<Bytes> {
  const prk = hkdfExtract(await sha256(concat(utf8("qpq/1"), channelId, u64(n))), S);
  return hkdfExpand(prk, utf8(`qpq/1 ${part}`), 32);
}

// Each key seals exactly one body, so its nonce is fixed.
const bundleNonce = new Uint8Array(12);

/** @param S 32 bytes, used for this one bundle @returns AES-256-GCM under {@link bundleKey}: the body and 16 bytes */
export async function sealBundlePart(
  part: BundlePart,
  body: Uint8Array,
  S: Uint8Array,
  channelId: Uint8Array,
  n: bigint,
): Promise<Bytes> {
  return await sealAesGcm(await bundleKey(part, S, channelId, n), bundleNonce, empty, body);
}

/** @returns the body, or undefined when S does not open it */
export async function openBundlePart(
  part: BundlePart,
  sealed: Uint8Array,
  S: Uint8Array,
  channelId: Uint8Array,
  n: bigint,
): Promise<Bytes | undefined> {
  if (S.length !== epochSecretLength) return undefined;
  return await openAesGcm(await bundleKey(part, S, channelId, n), bundleNonce, empty, sealed);
}
