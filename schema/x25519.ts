/**
 * X25519 public keys of small order (RFC 7748 §6.1): whoever seals to one gets an all-zero secret, which RFC 9180
 * §7.1.4 refuses. Server and clients judge a key alike, without a key agreement for each.
 */

import { toHex } from "./bytes.ts";

/**
 * The u-coordinates of the points of small order on Curve25519 and on its twist, in their encodings of 255 bits: 0, 1,
 * the two of order 8, p − 1, and p and p + 1, which are 0 and 1 once more (https://cr.yp.to/ecdh.html#validate).
 */
const smallOrder: ReadonlySet<string> = new Set([
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
  "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]);

/**
 * Whether others can seal to an X25519 public key.
 *
 * @param publicKey foreign bytes
 * @returns false for another length than 32 bytes, and for a point of small order
 */
export function isX25519Key(publicKey: Uint8Array): boolean {
  if (publicKey.length !== 32) return false;
  // Nearly every key ends here: the points of small order start with one of seven bytes.
  if (!smallOrderStarts.has(publicKey[0])) return true;
  const masked = new Uint8Array(publicKey);
  // RFC 7748 §5: the top bit is not part of the number.
  masked[31] &= 0x7f;
  return !smallOrder.has(toHex(masked));
}

const smallOrderStarts: ReadonlySet<number> = new Set([...smallOrder].map((hex) => parseInt(hex.slice(0, 2), 16)));
