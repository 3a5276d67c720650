import assert from "node:assert/strict";
import { x25519 } from "@noble/curves/ed25519.js";
import { isX25519Key } from "./x25519.ts";

const littleEndian = (value: bigint) =>
  Uint8Array.from({ length: 32 }, (_, index) => Number((value >> BigInt(8 * index)) & 255n));

/** RFC 7748 §6.1: whether a key agreement gives anything but zeros. */
function agrees(publicKey: Uint8Array): boolean {
  try {
    return x25519.getSharedSecret(x25519.utils.randomSecretKey(), publicKey).some((byte) => byte !== 0);
  } catch {
    return false;
  }
}

Deno.test("PEOPLE A2: isX25519Key() refuses points of small order in each encoding, as a key agreement does", () => {
  const p = 2n ** 255n - 19n;
  const top = 2n ** 255n;
  const ofOrder8 = [
    325606250916557431795983626356110631294008115727848805560023387167927233504n,
    39382357235489614581723060781553021112529911719440698176882885853963445705823n,
  ];
  const small = [0n, 1n, ...ofOrder8, p - 1n, p, p + 1n];
  for (const value of small.flatMap((value) => [value, value + top])) {
    assert.equal(isX25519Key(littleEndian(value)), false, String(value));
    assert.equal(agrees(littleEndian(value)), false, String(value));
  }
  // Their neighbours, and the numbers of 255 bits that are not below p.
  const others = [2n, 9n, p - 2n, ...ofOrder8.map((value) => value + 1n)];
  for (let value = p + 2n; value < top; value++) others.push(value);
  for (const value of others) {
    assert.equal(isX25519Key(littleEndian(value)), agrees(littleEndian(value)), String(value));
    assert.equal(isX25519Key(littleEndian(value)), true, String(value));
  }
  for (let count = 0; count < 100; count++) assert.ok(isX25519Key(x25519.keygen().publicKey));
  assert.equal(isX25519Key(new Uint8Array(31).fill(9)), false);
  assert.equal(isX25519Key(new Uint8Array(33).fill(9)), false);
});
