import assert from "node:assert/strict";
import { XWing } from "@noble/post-quantum/hybrid.js";
import { isXWingPublicKey } from "./xwing_public_key.ts";

Deno.test("isXWingPublicKey() checks every coefficient against q (FIPS 203 §7.2)", () => {
  const good = XWing.keygen().publicKey;
  assert.ok(isXWingPublicKey(good));
  for (const coefficient of [0, 1, 383, 766, 767]) {
    for (const [value, expected] of [[3328, true], [3329, false], [4095, false]] as const) {
      const publicKey = good.slice();
      const at = Math.floor(coefficient / 2) * 3;
      if (coefficient % 2 === 0) {
        publicKey[at] = value & 0xff;
        publicKey[at + 1] = (publicKey[at + 1] & 0xf0) | (value >> 8);
      } else {
        publicKey[at + 1] = (publicKey[at + 1] & 0x0f) | ((value & 0x0f) << 4);
        publicKey[at + 2] = value >> 4;
      }
      assert.equal(isXWingPublicKey(publicKey), expected);
    }
  }
});

Deno.test("isXWingPublicKey() refuses an X25519 part of small order, and another length", () => {
  const good = XWing.keygen().publicKey;
  const bad = good.slice();
  bad.fill(0, 1184);
  assert.equal(isXWingPublicKey(bad), false);
  assert.equal(isXWingPublicKey(good.subarray(1)), false);
});
