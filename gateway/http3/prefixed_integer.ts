/** Integers of HPACK and QPACK that begin in the low bits of a byte (RFC 7541 §5.1, RFC 9204 §4.1.1). */

/** Above every accepted integer; more continuation bytes are refused. */
const largest = 2 ** 30;

/**
 * Decodes an integer whose prefix is the low `prefixBits` of `bytes[offset]`.
 *
 * @returns value and length in bytes; undefined when the bytes end too early, or when the value exceeds 2^30
 */
export function decodePrefixedInteger(
  bytes: Uint8Array,
  offset: number,
  prefixBits: number,
): { value: number; length: number } | undefined {
  if (offset >= bytes.length) return undefined;
  const prefixMax = (1 << prefixBits) - 1;
  let value = bytes[offset] & prefixMax;
  if (value < prefixMax) return { value, length: 1 };
  for (let length = 1, weight = 1; offset + length < bytes.length && weight < largest; weight *= 128) {
    const byte = bytes[offset + length++];
    value += (byte & 0x7f) * weight;
    if (value > largest) return undefined;
    if (byte < 0x80) return { value, length };
  }
  return undefined;
}

/** Encodes with `pattern` in the bits above the prefix. */
export function encodePrefixedInteger(value: number, prefixBits: number, pattern: number): number[] {
  const prefixMax = (1 << prefixBits) - 1;
  if (value < prefixMax) return [pattern | value];
  const bytes = [pattern | prefixMax];
  let rest = value - prefixMax;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push(0x80 | (rest % 128));
  bytes.push(rest);
  return bytes;
}
