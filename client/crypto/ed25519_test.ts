import assert from "node:assert/strict";
import { ed25519 } from "@noble/curves/ed25519.js";
import { type Bytes, concat, fromHex, toHex } from "../../schema/bytes.ts";
import { verifyEd25519 as verifyNative } from "../../schema/ed25519.ts";
import vectors from "../../schema/vectors/ed25519.json" with { type: "json" };
import { generateEd25519, signEd25519, verifyEd25519Noble } from "./ed25519.ts";

/** The verdict of both ways, which must be one. */
async function verdict(publicKey: Uint8Array, signature: Uint8Array, message: Uint8Array): Promise<boolean> {
  const [native, noble] = [
    await verifyNative(publicKey, signature, message),
    verifyEd25519Noble(publicKey, signature, message),
  ];
  assert.equal(native, noble, `${toHex(publicKey)} ${toHex(signature)}`);
  return native;
}

Deno.test("PEOPLE A8: Ed25519 is judged alike with and without the native call in all of speccheck", async () => {
  assert.equal(vectors.cases.length, 12);
  for (const { note, message, publicKey, signature, valid } of vectors.cases) {
    assert.equal(await verdict(fromHex(publicKey), fromHex(signature), fromHex(message)), valid, note);
  }
});

Deno.test("PEOPLE A8: 8-torsion parts of R and A, and keys of small order, are judged alike by both ways", async () => {
  const { seed, publicKey } = await generateEd25519();
  const message = new Uint8Array([1, 2, 3]);
  const signature = await signEd25519(seed, message);
  assert.equal(await verdict(publicKey, signature, message), true);
  assert.equal(await verdict(publicKey, signature, new Uint8Array([1, 2])), false);
  const { Point } = ed25519;
  const torsion = Point.fromHex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05");
  const shifted = (encoded: Uint8Array) => Point.fromBytes(encoded).add(torsion).toBytes() as Bytes;
  const withR = (r: Uint8Array) => concat(r, signature.subarray(32));
  assert.equal(await verdict(publicKey, withR(shifted(signature.subarray(0, 32))), message), false);
  assert.equal(await verdict(shifted(publicKey), signature, message), false);
  for (let order = 0, point = Point.ZERO; order < 8; order++, point = point.add(torsion)) {
    const small = point.toBytes();
    // [0]B = R + [k]A for A = R of small order, whenever k is a multiple of 8: any message would pass in time.
    for (let tries = 0; tries < 16; tries++) {
      const forged = concat(small, new Uint8Array(32));
      assert.equal(await verdict(small, forged, new Uint8Array([tries])), false, `order ${order}`);
    }
  }
});

Deno.test("verifyEd25519() and its noble form refuse encodings that are not canonical, and other lengths", async () => {
  const { seed, publicKey } = await generateEd25519();
  const message = new Uint8Array(5);
  const signature = await signEd25519(seed, message);
  const notCanonical = fromHex("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
  assert.equal(await verdict(notCanonical, signature, message), false);
  assert.equal(await verdict(publicKey, concat(notCanonical, signature.subarray(32)), message), false);
  assert.equal(await verdict(publicKey.subarray(1), signature, message), false);
  assert.equal(await verdict(publicKey, signature.subarray(1), message), false);
});
