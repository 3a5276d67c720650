/** Ed25519 (RFC 8032) on WebCrypto, with raw keys. */

import { type Bytes, equalBytes } from "./bytes.ts";

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
  if (publicKey.length !== 32 || signature.length !== 64) return false;
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
