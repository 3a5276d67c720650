/** The safety number, which two people compare to detect a machine in the middle (specification §1.6). */

import { type Bytes, concat, toHex, utf8 } from "../../../schema/bytes.ts";

const label = utf8("qpq/1 safety");
const iterations = 5_200;
const qrVersion = 1;

interface Side {
  /** 32 bytes. */
  accountKey: Uint8Array;
  username: string;
}

/**
 * Computes the safety number, which is the same for both sides. Per side: h = SHA-512(x) with
 * x = "qpq/1 safety" ‖ accountKey ‖ username, then
 * 5,199 times h = SHA-512(h ‖ x); of the last h six times five bytes, each a big-endian number modulo
 * 100,000: 30 digits. The two sides' digits are sorted; the keys in the QR code stand in the same order.
 *
 * @returns digits: 12 groups of five, space between; qr: hex of version (1 byte) ‖ both account keys, 65
 *   bytes
 */
export async function safetyNumber(one: Side, other: Side): Promise<{ digits: string; qr: string }> {
  const sides = await Promise.all(
    [one, other].map(async (side) => ({ accountKey: side.accountKey, digits: await digitsOf(side) })),
  );
  sides.sort((a, b) => a.digits < b.digits ? -1 : 1);
  return {
    digits: sides.map(({ digits }) => digits).join(" "),
    qr: toHex(concat(Uint8Array.of(qrVersion), ...sides.map(({ accountKey }) => accountKey))),
  };
}

async function digitsOf({ accountKey, username }: Side): Promise<string> {
  const input = concat(label, accountKey, utf8(username));
  let hash = await sha512(input);
  for (let round = 1; round < iterations; round++) hash = await sha512(concat(hash, input));
  return Array.from({ length: 6 }, (_, group) => {
    const number = hash.subarray(group * 5, group * 5 + 5).reduce((sum, byte) => sum * 256 + byte, 0);
    return String(number % 100_000).padStart(5, "0");
  }).join(" ");
}

async function sha512(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-512", bytes));
}
