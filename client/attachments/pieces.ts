/**
 * The piece format of attachments (specification §7.7): STREAM (Hoang, Reyhanitabar, Rogaway, Vizár, "Online
 * Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance", CRYPTO 2015, §7) with AES-256-GCM over pieces of
 * 1 MiB. A piece that is cut, swapped, doubled, added, or of another file does not open. Any piece can be opened alone.
 */

import { type Bytes, concat, utf8 } from "../../schema/bytes.ts";
import { padmeLength } from "../mls/padding.ts";

/** Bytes of a piece before encryption; the last one may have fewer. */
export const pieceBytes = 1024 * 1024;
/** The largest file, bytes. */
export const maxFileBytes = 500 * 1024 * 1024;
export const keyBytes = 32;
export const prefixBytes = 7;
const tagBytes = 16;
/** Smaller files are padded to this. */
const minimumBytes = 1024;
const label = utf8("qpq attachment 1");

/** @param size bytes of the file @returns bytes with the padding, before encryption */
export function paddedLength(size: number): number {
  return Math.max(minimumBytes, padmeLength(size));
}

/** @param size bytes of the file @returns how many pieces its ciphertext has, those of the padding included */
export function pieceCount(size: number): number {
  return Math.ceil(paddedLength(size) / pieceBytes);
}

/** @param size bytes of the file @returns how many pieces have bytes of it: the others are padding */
export function contentPieces(size: number): number {
  return Math.max(1, Math.ceil(size / pieceBytes));
}

/** @param size bytes of the file @returns bytes of its ciphertext */
export function ciphertextLength(size: number): number {
  return paddedLength(size) + tagBytes * pieceCount(size);
}

/** @returns where the ciphertext of a piece of a file of this size stands */
export function pieceRange(size: number, index: number): { offset: number; length: number } {
  const offset = index * (pieceBytes + tagBytes);
  return { offset, length: Math.min(pieceBytes + tagBytes, ciphertextLength(size) - offset) };
}

/** The key of one file, and what is bound into each of its pieces. */
export class PieceCipher {
  readonly #key: CryptoKey;
  readonly #prefix: Uint8Array;
  readonly #size: number;

  private constructor(key: CryptoKey, prefix: Uint8Array, size: number) {
    this.#key = key;
    this.#prefix = prefix;
    this.#size = size;
  }

  /**
   * @param key 32 bytes, random, of this file alone
   * @param prefix 7 random bytes
   * @param size bytes of the file, without its padding
   */
  static async of(key: Uint8Array, prefix: Uint8Array, size: number): Promise<PieceCipher> {
    const cryptoKey = await crypto.subtle.importKey("raw", key as Bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
    return new PieceCipher(cryptoKey, prefix, size);
  }

  /** @param padded the piece with its part of the padding @returns ciphertext ‖ 16-byte tag */
  async seal(index: number, padded: Uint8Array): Promise<Bytes> {
    return new Uint8Array(await crypto.subtle.encrypt(this.#params(index), this.#key, padded as Bytes));
  }

  /**
   * @param ciphertext of one piece
   * @returns its bytes of the file, without padding (none where it is all padding); undefined where it is not this
   *   piece of this file, as it was sealed
   */
  async open(index: number, ciphertext: Uint8Array): Promise<Bytes | undefined> {
    if (index >= pieceCount(this.#size) || ciphertext.length !== pieceRange(this.#size, index).length) return undefined;
    let padded: Bytes;
    try {
      padded = new Uint8Array(await crypto.subtle.decrypt(this.#params(index), this.#key, ciphertext as Bytes));
    } catch {
      return undefined;
    }
    const length = Math.max(0, Math.min(padded.length, this.#size - index * pieceBytes));
    return padded.subarray(length).every((byte) => byte === 0) ? padded.subarray(0, length) : undefined;
  }

  #params(index: number): AesGcmParams {
    const place = new Uint8Array(5);
    new DataView(place.buffer).setUint32(0, index);
    place[4] = index === pieceCount(this.#size) - 1 ? 1 : 0;
    const total = new Uint8Array(12);
    const view = new DataView(total.buffer);
    view.setBigUint64(0, BigInt(this.#size));
    view.setUint32(8, pieceBytes);
    return {
      name: "AES-GCM",
      iv: concat(this.#prefix, place),
      additionalData: concat(label, total, place),
    };
  }
}
