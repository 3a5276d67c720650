/**
 * QUIC's variable-length integers (RFC 9000 §16). The two top bits of the first byte encode 1, 2, 4 or 8
 * bytes.
 */

/** Length in bytes of the integer whose first byte this is. */
export function varintLength(firstByte: number): 1 | 2 | 4 | 8 {
  return (1 << (firstByte >> 6)) as 1 | 2 | 4 | 8;
}

/**
 * Decodes the integer at `offset`.
 *
 * @returns its value and length in bytes, or undefined when the bytes end before it does; a value above 2^53
 *   − 1 loses precision (no code compares such values)
 */
export function decodeVarint(bytes: Uint8Array, offset = 0): { value: number; length: number } | undefined {
  if (offset >= bytes.length) return undefined;
  const length = varintLength(bytes[offset]);
  if (offset + length > bytes.length) return undefined;
  let value = bytes[offset] & 0x3f;
  for (let index = 1; index < length; index++) value = value * 256 + bytes[offset + index];
  return { value, length };
}

/**
 * Encodes in the fewest bytes.
 *
 * @param value 0 … 2^53 − 1
 * @throws RangeError for other values
 */
export function encodeVarint(value: number): Uint8Array<ArrayBuffer> {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError("varint: not an integer of 0 … 2^53 − 1");
  const exponent = value < 2 ** 6 ? 0 : value < 2 ** 14 ? 1 : value < 2 ** 30 ? 2 : 3;
  const bytes = new Uint8Array(1 << exponent);
  for (let index = bytes.length - 1, rest = value; index >= 0; index--, rest = Math.floor(rest / 256)) {
    bytes[index] = rest % 256;
  }
  bytes[0] |= exponent << 6;
  return bytes;
}
