/**
 * The cryptography under ts-mls: MLS ciphersuite 1 only, on WebCrypto, with noble for short hashes and for
 * algorithms that a runtime lacks.
 */

import {
  type CiphersuiteImpl,
  type CryptoProvider,
  getCiphersuiteFromName,
  type PrivateKey,
  type PublicKey,
} from "ts-mls";
import { CryptoError } from "ts-mls/mlsError.js";
import { equalBytes } from "../../schema/bytes.ts";
import { openAesGcm, sealAesGcm } from "./aead.ts";
import { generateEd25519, signEd25519Often, verifyEd25519 } from "./ed25519.ts";
import { hkdfExpand, hkdfExtract, hmacSha256, sha256 } from "./hkdf.ts";
import { hpkeDeriveKeyPair, hpkeExportFrom, hpkeExportTo, hpkeOpen, infoHashOf } from "./hpke.ts";
import { spread } from "./parallel.ts";
import { generateX25519, importX25519Private, type X25519Private } from "./x25519.ts";

/** RFC 9420 §17.1: suite 0x0001. */
export const ciphersuiteName = "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519";

const empty = new Uint8Array();

// ts-mls passes these through unread. The real forms are raw bytes and X25519Private.
const asPublic = (raw: Uint8Array) => raw as unknown as PublicKey;
const rawPublic = (key: PublicKey) => key as unknown as Uint8Array;
const asPrivate = (key: X25519Private) => key as unknown as PrivateKey;
const ownPrivate = (key: PrivateKey) => key as unknown as X25519Private;

function orCryptoError<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new CryptoError(what);
  return value;
}

/** The suite's implementation. Private keys cross ts-mls as raw bytes: X25519 32, Ed25519 seed 32. */
export const ciphersuite: CiphersuiteImpl = {
  name: ciphersuiteName,
  hash: {
    digest: sha256,
    mac: async (key, data) => hmacSha256(key, data),
    verifyMac: async (key, mac, data) => equalBytes(mac, hmacSha256(key, data)),
  },
  kdf: {
    size: 32,
    extract: async (salt, ikm) => hkdfExtract(salt, ikm),
    expand: async (prk, info, length) => hkdfExpand(prk, info, length),
  },
  signature: {
    sign: signEd25519Often,
    verify: (publicKey, message, signature) => verifyEd25519(publicKey, signature, message),
    keygen: async () => {
      const { seed, publicKey } = await generateEd25519();
      return { signKey: seed, publicKey };
    },
  },
  rng: { randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)) },
  hpke: {
    keyLength: 16,
    nonceLength: 12,
    async seal(publicKey, plaintext, info, aad = empty) {
      const sealed = orCryptoError(
        await spread({
          kind: "hpkeSeal",
          publicKey: rawPublic(publicKey),
          infoHash: await infoHashOf(info),
          aad,
          plaintext,
        }),
        "HPKE recipient key is not usable",
      );
      return { enc: sealed.enc, ct: sealed.ciphertext };
    },
    async open(privateKey, kemOutput, ciphertext, info, aad = empty) {
      return orCryptoError(
        await hpkeOpen(ownPrivate(privateKey), kemOutput, info, aad, ciphertext),
        "HPKE ciphertext does not open",
      );
    },
    async exportSecret(publicKey, exporterContext, length, info) {
      return await hpkeExportTo(rawPublic(publicKey), info, exporterContext, length);
    },
    async importSecret(privateKey, exporterContext, kemOutput, length, info) {
      return orCryptoError(
        await hpkeExportFrom(ownPrivate(privateKey), kemOutput, info, exporterContext, length),
        "HPKE output is not usable",
      );
    },
    async importPrivateKey(raw) {
      if (raw.length !== 32) throw new CryptoError("X25519 private key: 32 bytes");
      return asPrivate(await importX25519Private(raw));
    },
    async importPublicKey(raw) {
      if (raw.length !== 32) throw new CryptoError("X25519 public key: 32 bytes");
      return asPublic(raw);
    },
    exportPublicKey: async (key) => rawPublic(key),
    exportPrivateKey: async (key) => ownPrivate(key).raw,
    encryptAead: (key, nonce, aad, plaintext) => sealAesGcm(key, nonce, aad ?? empty, plaintext),
    async decryptAead(key, nonce, aad, ciphertext) {
      return orCryptoError(await openAesGcm(key, nonce, aad ?? empty, ciphertext), "AEAD ciphertext does not open");
    },
    async deriveKeyPair(ikm) {
      const pair = await hpkeDeriveKeyPair(ikm);
      return { privateKey: asPrivate(pair), publicKey: asPublic(pair.publicKey) };
    },
    async generateKeyPair() {
      const pair = await generateX25519();
      return { privateKey: asPrivate(pair), publicKey: asPublic(pair.publicKey) };
    },
  },
};

/** The provider for ts-mls functions that take one. @throws CryptoError for every other suite */
export const cryptoProvider: CryptoProvider = {
  async getCiphersuiteImpl(suite) {
    if (suite.name !== getCiphersuiteFromName(ciphersuiteName).name) {
      throw new CryptoError(`ciphersuite not allowed: ${suite.name}`);
    }
    return ciphersuite;
  },
};
