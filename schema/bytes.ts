/** Byte strings: joining, comparing, writing integers and ids. */

/** Bytes in memory of their own: what WebCrypto and the network take, and what a shared buffer is not. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** @returns the parts one after another, in new memory */
export function concat(...parts: Uint8Array[]): Bytes {
  const joined = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** @returns whether both hold the same bytes; the time depends on the lengths alone */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let index = 0; index < a.length; index++) difference |= a[index] ^ b[index];
  return difference === 0;
}

/** @returns 8 bytes, big-endian */
export function u64(value: bigint | number): Bytes {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

/** @returns the UTF-8 (for labels: ASCII) bytes of a text */
export function utf8(text: string): Bytes {
  return new TextEncoder().encode(text) as Bytes;
}

const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** @returns two lower-case hexadecimal digits for each byte */
export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (let index = 0; index < bytes.length; index++) text += hexOfByte[bytes[index]];
  return text;
}

/**
 * @param text an even number of hexadecimal digits
 * @throws RangeError
 */
export function fromHex(text: string): Bytes {
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(text)) throw new RangeError("not hexadecimal");
  const bytes = new Uint8Array(text.length / 2);
  for (let index = 0; index < bytes.length; index++) bytes[index] = parseInt(text.slice(2 * index, 2 * index + 2), 16);
  return bytes;
}

/** @returns SHA-256 of the parts joined, 32 bytes */
export async function sha256(...parts: Uint8Array[]): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", concat(...parts)));
}
