/**
 * X-Wing (draft-connolly-cfrg-xwing-kem): ML-KEM-768 and X25519 in one KEM. Native ML-KEM where WebCrypto has
 * it, else noble's `XWing`. Chromium 156, native / noble: keygen 125 / 760 µs, encapsulate 205 / 1,875 µs,
 * decapsulate 105 / 2,025 µs. A private key is stored as its 32-byte seed.
 */

import { sha3_256, shake256 } from "@noble/hashes/sha3.js";
import { XWing } from "@noble/post-quantum/hybrid.js";
import { type Bytes, concat, utf8 } from "../../schema/bytes.ts";
import {
  isCanonicalMlKemKey,
  mlKemCiphertextLength,
  mlKemPublicKeyLength,
  mlKemSeedLength,
  nativeMlKem,
} from "./mlkem.ts";
import { cryptoSupport } from "./support.ts";
import { deriveX25519, generateX25519, importX25519Private } from "./x25519.ts";

const xwingSeedLength = 32;
export const xwingPublicKeyLength = 1216;
export const xwingCiphertextLength = 1120;

export interface XWingEncapsulation {
  /** 1,120 bytes. */
  ciphertext: Bytes;
  /** 32 bytes. */
  sharedSecret: Bytes;
}

/**
 * One implementation of the KEM; both give the same results. Foreign keys and ciphertexts that are not usable
 * give undefined.
 */
export interface XWingImplementation {
  /** @param seed 32 bytes @returns 1,216 bytes */
  publicKey(seed: Uint8Array): Promise<Bytes>;
  encapsulate(publicKey: Uint8Array): Promise<XWingEncapsulation | undefined>;
  decapsulate(seed: Uint8Array, ciphertext: Uint8Array): Promise<Bytes | undefined>;
}

/** @returns the fastest implementation that the runtime has */
export async function xwing(): Promise<XWingImplementation> {
  const { mlKem768, x25519 } = await cryptoSupport();
  return mlKem768 && x25519 ? nativeXWing : nobleXWing;
}

/** @returns a fresh key pair */
export async function generateXWing(): Promise<{ seed: Bytes; publicKey: Bytes }> {
  const seed = crypto.getRandomValues(new Uint8Array(xwingSeedLength));
  return { seed, publicKey: await (await xwing()).publicKey(seed) };
}

// Draft §5.3: XWingLabel, the five characters \.//^\ .
const label = utf8("\\.//^\\");

function combine(
  mlKemSecret: Uint8Array,
  x25519Secret: Uint8Array,
  x25519Ciphertext: Uint8Array,
  x25519Public: Uint8Array,
): Bytes {
  return sha3_256(concat(mlKemSecret, x25519Secret, x25519Ciphertext, x25519Public, label)) as Bytes;
}

// Draft §5.2, expandDecapsulationKey: SHAKE-256(seed, 96) = d ‖ z ‖ X25519 private key.
async function expand(seed: Uint8Array) {
  if (seed.length !== xwingSeedLength) throw new RangeError("X-Wing seed: 32 bytes");
  const expanded = shake256(seed, { dkLen: 96 }) as Bytes;
  const mlKemSeed = expanded.slice(0, mlKemSeedLength);
  const x25519 = await importX25519Private(expanded.subarray(mlKemSeedLength));
  expanded.fill(0);
  return { mlKemSeed, x25519 };
}

/** ML-KEM and X25519 by WebCrypto; expansion and combiner by noble's SHA-3, which WebCrypto lacks. */
export const nativeXWing: XWingImplementation = {
  async publicKey(seed) {
    const { mlKemSeed, x25519 } = await expand(seed);
    const mlKemPublic = await nativeMlKem.publicKey(mlKemSeed);
    return concat(mlKemPublic!, x25519.publicKey);
  },
  async encapsulate(publicKey) {
    if (publicKey.length !== xwingPublicKeyLength) return undefined;
    const x25519Public = publicKey.slice(mlKemPublicKeyLength);
    const [encapsulation, ephemeral] = await Promise.all([
      nativeMlKem.encapsulate(publicKey.subarray(0, mlKemPublicKeyLength)),
      generateX25519(),
    ]);
    const x25519Secret = await deriveX25519(ephemeral, x25519Public);
    if (encapsulation === undefined || x25519Secret === undefined) return undefined;
    const sharedSecret = combine(encapsulation.sharedSecret, x25519Secret, ephemeral.publicKey, x25519Public);
    return { ciphertext: concat(encapsulation.ciphertext, ephemeral.publicKey), sharedSecret };
  },
  async decapsulate(seed, ciphertext) {
    if (ciphertext.length !== xwingCiphertextLength) return undefined;
    const { mlKemSeed, x25519 } = await expand(seed);
    const x25519Ciphertext = ciphertext.slice(mlKemCiphertextLength);
    const x25519Secret = await deriveX25519(x25519, x25519Ciphertext);
    const mlKemSecret = await nativeMlKem.decapsulate(mlKemSeed, ciphertext.subarray(0, mlKemCiphertextLength));
    if (mlKemSecret === undefined || x25519Secret === undefined) return undefined;
    return combine(mlKemSecret, x25519Secret, x25519Ciphertext, x25519.publicKey);
  },
};

/**
 * noble's X-Wing, for runtimes without native ML-KEM. Only this implementation can encapsulate from given
 * randomness, which the vectors need.
 */
export const nobleXWing: XWingImplementation = {
  publicKey: async (seed) => XWing.keygen(seed).publicKey as Bytes,
  async encapsulate(publicKey) {
    return encapsulateDeterministic(publicKey);
  },
  async decapsulate(seed, ciphertext) {
    try {
      return XWing.decapsulate(ciphertext, seed) as Bytes;
    } catch {
      return undefined;
    }
  },
};

/** @param randomness 64 bytes, for test vectors alone; random when left out */
export function encapsulateDeterministic(
  publicKey: Uint8Array,
  randomness?: Uint8Array,
): XWingEncapsulation | undefined {
  if (publicKey.length !== xwingPublicKeyLength || !isCanonicalMlKemKey(publicKey.subarray(0, mlKemPublicKeyLength))) {
    return undefined;
  }
  try {
    // noble 0.5.2 wipes both inputs when it is done (cleanBytes on views of them), so it gets copies.
    const { cipherText, sharedSecret } = XWing.encapsulate(
      new Uint8Array(publicKey),
      randomness === undefined ? undefined : new Uint8Array(randomness),
    );
    return { ciphertext: cipherText as Bytes, sharedSecret: sharedSecret as Bytes };
  } catch {
    return undefined;
  }
}

/**
 * Whether others can seal to the key: canonical ML-KEM coefficients (FIPS 203 §7.2), and an X25519 point of
 * large order.
 */
export async function isXWingPublicKey(publicKey: Uint8Array): Promise<boolean> {
  return (await (await xwing()).encapsulate(publicKey)) !== undefined;
}
