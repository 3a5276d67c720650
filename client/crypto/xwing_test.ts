import assert from "node:assert/strict";
import { nativeMlKem, nobleMlKem } from "./mlkem.ts";
import { generateXWing, isXWingPublicKey, nativeXWing, nobleXWing, xwing } from "./xwing.ts";

Deno.test("native X-Wing and noble's agree on secrets, for keys of either", async () => {
  const { seed, publicKey } = await generateXWing();
  assert.deepEqual([seed.length, publicKey.length], [32, 1216]);
  assert.deepEqual(await nobleXWing.publicKey(seed), await nativeXWing.publicKey(seed));
  for (
    const [sender, receiver] of [[nativeXWing, nobleXWing], [nobleXWing, nativeXWing], [await xwing(), await xwing()]]
  ) {
    const { ciphertext, sharedSecret } = (await sender.encapsulate(publicKey))!;
    assert.deepEqual([ciphertext.length, sharedSecret.length], [1120, 32]);
    assert.deepEqual(await receiver.decapsulate(seed, ciphertext), sharedSecret);
  }
});

Deno.test("X-Wing rejects a changed ML-KEM ciphertext implicitly, natively and by noble alike", async () => {
  const { seed, publicKey } = await generateXWing();
  const { ciphertext, sharedSecret } = (await nativeXWing.encapsulate(publicKey))!;
  ciphertext[7] ^= 1;
  const [native, noble] = [
    await nativeXWing.decapsulate(seed, ciphertext),
    await nobleXWing.decapsulate(seed, ciphertext),
  ];
  assert.deepEqual(native, noble);
  assert.notDeepEqual(native, sharedSecret);
});

Deno.test("X-Wing refuses wrong lengths, non-canonical ML-KEM keys and small-order points", async () => {
  const { seed, publicKey } = await generateXWing();
  const nonCanonical = publicKey.slice().fill(0xff, 0, 3);
  const smallOrder = publicKey.slice().fill(0, 1184);
  for (const bad of [publicKey.subarray(1), nonCanonical, smallOrder]) {
    assert.equal(await nativeXWing.encapsulate(bad), undefined);
    assert.equal(await nobleXWing.encapsulate(bad), undefined);
    assert.equal(await isXWingPublicKey(bad), false);
  }
  assert.ok(await isXWingPublicKey(publicKey));
  const { ciphertext } = (await nativeXWing.encapsulate(publicKey))!;
  for (const bad of [ciphertext.subarray(1), ciphertext.slice().fill(0, 1088)]) {
    assert.equal(await nativeXWing.decapsulate(seed, bad), undefined);
    assert.equal(await nobleXWing.decapsulate(seed, bad), undefined);
  }
});

Deno.test("ML-KEM-768 refuses wrong lengths and non-canonical keys, natively and by noble", async () => {
  const publicKey = (await nobleMlKem.publicKey(new Uint8Array(64)))!;
  // One coefficient at q = 3329 (0xd01), in the low and in the high half of three bytes.
  const low = publicKey.slice();
  low.set([0x01, (low[1] & 0xf0) | 0x0d], 0);
  const high = publicKey.slice();
  high.set([(high[1150] & 0x0f) | 0x10, 0xd0], 1150);
  for (const implementation of [nativeMlKem, nobleMlKem]) {
    for (const bad of [low, high]) assert.equal(await implementation.encapsulate(bad), undefined);
    assert.ok(await implementation.encapsulate(publicKey));
    assert.equal(await implementation.publicKey(new Uint8Array(63)), undefined);
    assert.equal(await implementation.encapsulate(new Uint8Array(1183)), undefined);
    assert.equal(await implementation.decapsulate(new Uint8Array(64), new Uint8Array(1087)), undefined);
  }
});
