/**
 * Ed25519 (RFC 8032) on WebCrypto, with raw keys.
 *
 * Implementations differ on points of small order and on encodings that are not canonical (Taming the many EdDSAs,
 * https://eprint.iacr.org/2020/1244). All members of a group must judge a signature alike, so {@link hasStrictForm}
 * refuses these before any of them is asked. What is left is the cofactorless equation, which WebCrypto prescribes
 * (https://wicg.github.io/webcrypto-secure-curves/#ed25519-operations).
 */

import { type Bytes, equalBytes, toHex } from "./bytes.ts";

/** p = 2^255 − 19, little-endian; the y-coordinate of a canonical encoding is below it. */
const p = new Uint8Array([0xed, ...new Array<number>(30).fill(0xff), 0x7f]);

/** The y-coordinates of the eight points of small order: 0, 1, p − 1, and two of order 8. */
const smallOrder: ReadonlySet<string> = new Set([
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
]);

/**
 * @param publicKey 32 bytes: A
 * @param signature 64 bytes: R ‖ S
 * @returns whether A and R are canonical encodings (RFC 8032 §5.1.3) and not of small order. That they are points, and
 *   that S is below L, the verification itself finds
 */
export function hasStrictForm(publicKey: Uint8Array, signature: Uint8Array): boolean {
  return publicKey.length === 32 && signature.length === 64 &&
    [publicKey, signature.subarray(0, 32)].every(isStrictPoint);
}

function isStrictPoint(encoded: Uint8Array): boolean {
  const y = new Uint8Array(encoded);
  // The top bit is the sign of x (RFC 8032 §5.1.2).
  y[31] &= 0x7f;
  for (let index = 31; index >= 0; index--) {
    if (y[index] !== p[index]) return y[index] < p[index] && !smallOrder.has(toHex(y));
  }
  return false;
}

/**
 * @param publicKey 32 bytes
 * @param signature 64 bytes
 * @param message any length
 * @returns false for a bad signature and for a key or signature of the wrong form; never throws on foreign bytes
 */
export async function verifyEd25519(
  publicKey: Uint8Array,
  signature: Uint8Array,
  message: Uint8Array,
): Promise<boolean> {
  if (!hasStrictForm(publicKey, signature)) return false;
  try {
    return await crypto.subtle.verify(
      "Ed25519",
      await verifyKey(publicKey as Bytes),
      signature as Bytes,
      message as Bytes,
    );
  } catch {
    return false;
  }
}

/**
 * @param seed 32 bytes, the private key of RFC 8032
 * @returns 64 bytes
 */
export async function signEd25519(seed: Uint8Array, message: Uint8Array): Promise<Bytes> {
  return await signWithKey(await importSignKey(seed), message);
}

/**
 * @param seed 32 bytes. @returns the private key, for callers that sign often with one that lives as long as
 *   they do
 */
export async function importSignKey(seed: Uint8Array): Promise<CryptoKey> {
  return await crypto.subtle.importKey("pkcs8", pkcs8(seed), "Ed25519", false, ["sign"]);
}

/** @param key of {@link importSignKey}. @returns 64 bytes */
export async function signWithKey(key: CryptoKey, message: Uint8Array): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.sign("Ed25519", key, message as Bytes));
}

/**
 * Importing a key is a way to another thread and back, as long as the check itself; who checks message after
 * message hands in the same array each time.
 */
const verifyKeys = new WeakMap<Uint8Array, { raw: Uint8Array; key: CryptoKey }>();

async function verifyKey(publicKey: Bytes): Promise<CryptoKey> {
  const known = verifyKeys.get(publicKey);
  if (known && equalBytes(known.raw, publicKey)) return known.key;
  const key = await crypto.subtle.importKey("raw", publicKey, "Ed25519", false, ["verify"]);
  verifyKeys.set(publicKey, { raw: publicKey.slice(), key });
  return key;
}

/** @returns a fresh pair: 32-byte seed and 32-byte public key */
export async function generateEd25519(): Promise<{ seed: Bytes; publicKey: Bytes }> {
  const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]) as CryptoKeyPair;
  const encoded = new Uint8Array(await crypto.subtle.exportKey("pkcs8", pair.privateKey));
  return { seed: encoded.slice(-32), publicKey: new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey)) };
}

/** @param seed 32 bytes @returns the public key of it, 32 bytes */
export async function publicEd25519(seed: Uint8Array): Promise<Bytes> {
  // WebCrypto gives the public half of a private key as JWK only (RFC 8037 §2).
  const { x } = await crypto.subtle.exportKey(
    "jwk",
    await crypto.subtle.importKey("pkcs8", pkcs8(seed), "Ed25519", true, ["sign"]),
  );
  return Uint8Array.from(atob(x!.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
}

// RFC 8410 §7: PrivateKeyInfo of an Ed25519 seed is this prefix and the 32 bytes.
const pkcs8Prefix = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

function pkcs8(seed: Uint8Array): Bytes {
  if (seed.length !== 32) throw new RangeError("Ed25519 seed: 32 bytes");
  return new Uint8Array([...pkcs8Prefix, ...seed]);
}
