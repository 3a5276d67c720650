/**
 * ML-KEM-768 (FIPS 203) with raw keys: WebCrypto's, or noble's where the runtime lacks it. A private key is
 * stored as its 64-byte seed d ‖ z.
 */

import { ml_kem768 } from "@noble/post-quantum/ml-kem.js";
import type { Bytes } from "../../schema/bytes.ts";

export const mlKemSeedLength = 64;
export const mlKemPublicKeyLength = 1184;
export const mlKemCiphertextLength = 1088;

export interface MlKemEncapsulation {
  /** 1,088 bytes. */
  ciphertext: Bytes;
  /** 32 bytes. */
  sharedSecret: Bytes;
}

/**
 * Input of a wrong length, and public keys that are not canonical (FIPS 203 §7.2), give undefined. A
 * ciphertext for another key gives another secret (implicit rejection).
 */
export interface MlKemImplementation {
  /** @returns 1,184 bytes */
  publicKey(seed: Uint8Array): Promise<Bytes | undefined>;
  encapsulate(publicKey: Uint8Array): Promise<MlKemEncapsulation | undefined>;
  decapsulate(seed: Uint8Array, ciphertext: Uint8Array): Promise<Bytes | undefined>;
}

// The WebCrypto "Modern Algorithms" draft, not yet in TypeScript's library.
interface KemSubtle {
  importKey(
    format: "raw-seed" | "raw-public",
    data: Bytes,
    algorithm: "ML-KEM-768",
    extractable: boolean,
    usages: string[],
  ): Promise<CryptoKey>;
  getPublicKey(key: CryptoKey, usages: string[]): Promise<CryptoKey>;
  exportKey(format: "raw-public", key: CryptoKey): Promise<ArrayBuffer>;
  encapsulateBits(
    algorithm: "ML-KEM-768",
    key: CryptoKey,
  ): Promise<{ sharedKey: ArrayBuffer; ciphertext: ArrayBuffer }>;
  decapsulateBits(algorithm: "ML-KEM-768", key: CryptoKey, ciphertext: Bytes): Promise<ArrayBuffer>;
}
const subtle = (): KemSubtle => crypto.subtle as unknown as KemSubtle;

const importSeed = (seed: Uint8Array) =>
  subtle().importKey("raw-seed", new Uint8Array(seed), "ML-KEM-768", true, ["decapsulateBits"]);

export const nativeMlKem: MlKemImplementation = {
  async publicKey(seed) {
    if (seed.length !== mlKemSeedLength) return undefined;
    const publicKey = await subtle().getPublicKey(await importSeed(seed), ["encapsulateBits"]);
    return new Uint8Array(await subtle().exportKey("raw-public", publicKey));
  },
  async encapsulate(publicKey) {
    if (publicKey.length !== mlKemPublicKeyLength) return undefined;
    try {
      const key = await subtle().importKey("raw-public", new Uint8Array(publicKey), "ML-KEM-768", false, [
        "encapsulateBits",
      ]);
      const { sharedKey, ciphertext } = await subtle().encapsulateBits("ML-KEM-768", key);
      return { ciphertext: new Uint8Array(ciphertext), sharedSecret: new Uint8Array(sharedKey) };
    } catch {
      return undefined;
    }
  },
  async decapsulate(seed, ciphertext) {
    if (seed.length !== mlKemSeedLength || ciphertext.length !== mlKemCiphertextLength) return undefined;
    return new Uint8Array(
      await subtle().decapsulateBits("ML-KEM-768", await importSeed(seed), new Uint8Array(ciphertext)),
    );
  },
};

/**
 * The modulus check of FIPS 203 §7.2 on the public key's 768 coefficients of 12 bits.
 *
 * noble 0.5.2 has this check, but decodes without reducing, so that its check never fails. All members must
 * judge a key alike, whatever their runtime.
 *
 * @param publicKey 1,184 bytes
 */
export function isCanonicalMlKemKey(publicKey: Uint8Array): boolean {
  const q = 3329;
  for (let index = 0; index < 1152; index += 3) {
    const [a, b, c] = publicKey.subarray(index, index + 3);
    if ((a | ((b & 0x0f) << 8)) >= q || ((b >> 4) | (c << 4)) >= q) return false;
  }
  return publicKey.length === mlKemPublicKeyLength;
}

export const nobleMlKem: MlKemImplementation = {
  async publicKey(seed) {
    return seed.length === mlKemSeedLength ? ml_kem768.keygen(seed).publicKey as Bytes : undefined;
  },
  async encapsulate(publicKey) {
    if (!isCanonicalMlKemKey(publicKey)) return undefined;
    try {
      const { cipherText, sharedSecret } = ml_kem768.encapsulate(publicKey);
      return { ciphertext: cipherText as Bytes, sharedSecret: sharedSecret as Bytes };
    } catch {
      return undefined;
    }
  },
  async decapsulate(seed, ciphertext) {
    if (seed.length !== mlKemSeedLength || ciphertext.length !== mlKemCiphertextLength) return undefined;
    return ml_kem768.decapsulate(ciphertext, ml_kem768.keygen(seed).secretKey) as Bytes;
  },
};
