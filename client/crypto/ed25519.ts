/**
 * Ed25519 with raw keys: WebCrypto (schema/ed25519.ts), or noble where the runtime lacks it. Verify in
 * Chromium 156: 68 µs native, 566 µs noble.
 */

import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { type Bytes, concat, toHex } from "../../schema/bytes.ts";
import {
  generateEd25519 as generateNative,
  hasStrictForm,
  importSignKey,
  signEd25519 as signNative,
  signWithKey,
  verifyEd25519 as verifyNative,
} from "../../schema/ed25519.ts";
import { cryptoSupport } from "./support.ts";

/** The private key is the 32-byte seed of RFC 8032. */
export interface SignatureKeyPair {
  seed: Bytes;
  publicKey: Bytes;
}

/** @returns the signature, 64 bytes (RFC 8032), natively where the browser can */
export async function signEd25519(seed: Uint8Array, message: Uint8Array): Promise<Bytes> {
  if ((await cryptoSupport()).ed25519) return await signNative(seed, message);
  return ed25519.sign(message, seed) as Bytes;
}

const signKeys = new WeakMap<Uint8Array, CryptoKey>();

/**
 * Signs as {@link signEd25519}, for the signature key of a group's state. That array is never overwritten, so
 * its key is imported only once.
 */
export async function signEd25519Often(seed: Uint8Array, message: Uint8Array): Promise<Bytes> {
  if (!(await cryptoSupport()).ed25519) return ed25519.sign(message, seed) as Bytes;
  let key = signKeys.get(seed);
  if (!key) signKeys.set(seed, key = await importSignKey(seed));
  return await signWithKey(key, message);
}

/** @returns false for every bad signature or key; never throws */
export async function verifyEd25519(
  publicKey: Uint8Array,
  signature: Uint8Array,
  message: Uint8Array,
): Promise<boolean> {
  if ((await cryptoSupport()).ed25519) return await verifyNative(publicKey, signature, message);
  return verifyEd25519Noble(publicKey, signature, message);
}

/**
 * Verifies as {@link verifyEd25519}, by noble. Its own verification multiplies by the cofactor, and then takes
 * signatures that WebCrypto refuses. So what it takes is compared once more without the cofactor (RFC 8032 §5.1.7:
 * [S]B = R + [k]A).
 */
export function verifyEd25519Noble(publicKey: Uint8Array, signature: Uint8Array, message: Uint8Array): boolean {
  try {
    if (!hasStrictForm(publicKey, signature)) return false;
    if (!ed25519.verify(signature, message, publicKey, { zip215: false })) return false;
    const { Point } = ed25519;
    const [encodedR, encodedS] = [signature.subarray(0, 32), signature.subarray(32)];
    const k = Point.Fn.create(littleEndian(sha512(concat(encodedR, publicKey, message))));
    const right = Point.fromBytes(encodedR).add(Point.fromBytes(publicKey).multiplyUnsafe(k));
    return Point.BASE.multiplyUnsafe(littleEndian(encodedS)).equals(right);
  } catch {
    return false;
  }
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(bytes.slice().reverse())}`);
}

/** @returns a fresh key pair: seed and public key, 32 bytes each (RFC 8032) */
export async function generateEd25519(): Promise<SignatureKeyPair> {
  if ((await cryptoSupport()).ed25519) return await generateNative();
  const seed = ed25519.utils.randomSecretKey() as Bytes;
  return { seed, publicKey: ed25519.getPublicKey(seed) as Bytes };
}
