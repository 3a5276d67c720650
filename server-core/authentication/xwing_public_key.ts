/**
 * The form of an X-Wing public key (draft-connolly-cfrg-xwing-kem): ML-KEM-768 encapsulation key ‖ X25519
 * public key.
 */

import { isX25519Key } from "../../schema/x25519.ts";

/** In bytes. */
const xwingPublicKeyLength = 1216;

/**
 * FIPS 203: the prime of ML-KEM, and the bytes of the 768 coefficients of an ML-KEM-768 key (its last 32
 * bytes are a seed of any value).
 */
const q = 3329;
const coefficientBytes = 1152;
const mlKemPublicKeyLength = 1184;

/**
 * The modulus check of FIPS 203 §7.2: each 12-bit coefficient is below q. WebCrypto's import leaves it out.
 * The X25519 part is not of small order: nobody could seal to it (RFC 7748 §6.1).
 *
 * @param publicKey foreign bytes
 */
export function isXWingPublicKey(publicKey: Uint8Array): boolean {
  if (publicKey.length !== xwingPublicKeyLength) return false;
  for (let at = 0; at < coefficientBytes; at += 3) {
    const first = publicKey[at] | ((publicKey[at + 1] & 0x0f) << 8);
    const second = (publicKey[at + 1] >> 4) | (publicKey[at + 2] << 4);
    if (first >= q || second >= q) return false;
  }
  return isX25519Key(publicKey.subarray(mlKemPublicKeyLength));
}
