/**
 * Padding of content before MLS: Padmé (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files", §4)
 * with a minimum of 256 bytes. Padded form: u32 length ‖ content ‖ zeros.
 */

import type { Bytes } from "../../schema/bytes.ts";
import { MalformedError } from "../../schema/malformed_error.ts";

const minimumBytes = 256;
const lengthBytes = 4;

/** @returns the Padmé length ≥ `length`: at most 12 % more, leaking O(log log length) bits */
export function padmeLength(length: number): number {
  if (length <= minimumBytes) return minimumBytes;
  const exponent = Math.floor(Math.log2(length));
  const significant = Math.floor(Math.log2(exponent)) + 1;
  const unit = 2 ** (exponent - significant);
  return Math.ceil(length / unit) * unit;
}

/** @param content up to 2^32 − 1 bytes */
export function pad(content: Uint8Array): Bytes {
  const padded = new Uint8Array(padmeLength(lengthBytes + content.length));
  new DataView(padded.buffer).setUint32(0, content.length);
  padded.set(content, lengthBytes);
  return padded;
}

/** @throws MalformedError unless `padded` is exactly what {@link pad} gives for its content */
export function unpad(padded: Uint8Array): Bytes {
  if (padded.length < minimumBytes) throw new MalformedError("padding: too short");
  const length = new DataView(padded.buffer, padded.byteOffset).getUint32(0);
  if (padmeLength(lengthBytes + length) !== padded.length) throw new MalformedError("padding: wrong length");
  if (padded.subarray(lengthBytes + length).some((byte) => byte !== 0)) throw new MalformedError("padding: not zero");
  return new Uint8Array(padded.subarray(lengthBytes, lengthBytes + length));
}
