/**
 * AES-GCM on WebCrypto: constant-time in every runtime, and faster than noble from a few hundred bytes on
 * (Chromium 156: 14 µs against 37 µs).
 */

import type { Bytes } from "../../schema/bytes.ts";

/**
 * @param key 16 bytes (AES-128) or 32 bytes (AES-256)
 * @param nonce 12 bytes, never twice with one key
 * @returns ciphertext ‖ 16-byte tag
 */
export async function sealAesGcm(
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  plaintext: Uint8Array,
): Promise<Bytes> {
  const cryptoKey = await crypto.subtle.importKey("raw", key as Bytes, "AES-GCM", false, ["encrypt"]);
  return new Uint8Array(await crypto.subtle.encrypt(params(nonce, aad), cryptoKey, plaintext as Bytes));
}

/** @returns the plaintext, or undefined when key, nonce, AAD or ciphertext do not belong together */
export async function openAesGcm(
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  ciphertext: Uint8Array,
): Promise<Bytes | undefined> {
  const cryptoKey = await crypto.subtle.importKey("raw", key as Bytes, "AES-GCM", false, ["decrypt"]);
  try {
    return new Uint8Array(await crypto.subtle.decrypt(params(nonce, aad), cryptoKey, ciphertext as Bytes));
  } catch {
    return undefined;
  }
}

function params(nonce: Uint8Array, aad: Uint8Array): AesGcmParams {
  // An empty additionalData member is left out: older WebKit and some native backends refuse a zero-length one.
  return aad.length === 0
    ? { name: "AES-GCM", iv: nonce as Bytes }
    : { name: "AES-GCM", iv: nonce as Bytes, additionalData: aad as Bytes };
}
