/** A picture as one blob: it is small, so it is sealed at once, and sealed to the same bytes whenever that is asked. */

import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, concat } from "../../schema/bytes.ts";
import type { BlobReference } from "./attachment.ts";
import { keyBytes, paddedLength, PieceCipher, prefixBytes } from "./pieces.ts";

/** @param bytes of the picture, fewer than a piece @returns its reference under a fresh key, and the ciphertext */
export async function sealPicture(bytes: Uint8Array): Promise<{ blob: BlobReference; ciphertext: Bytes }> {
  const key = crypto.getRandomValues(new Uint8Array(keyBytes));
  const prefix = crypto.getRandomValues(new Uint8Array(prefixBytes));
  const ciphertext = await pictureCiphertext(bytes, { key, prefix });
  return { blob: { sha256: new Uint8Array(sha256(ciphertext)), key, prefix }, ciphertext };
}

/** @returns the ciphertext of a picture that was sealed before: the same bytes give the same */
export async function pictureCiphertext(
  bytes: Uint8Array,
  { key, prefix }: Pick<BlobReference, "key" | "prefix">,
): Promise<Bytes> {
  const padding = new Uint8Array(paddedLength(bytes.length) - bytes.length);
  const cipher = await PieceCipher.of(key, prefix, bytes.length);
  return await cipher.seal(0, concat(bytes, padding));
}
