import assert from "node:assert/strict";
import { toHex } from "../../../schema/bytes.ts";
import { randomChannelId } from "./create_replacement.ts";

Deno.test("randomChannelId() is smaller than the one it is held against, however small that is", () => {
  const limit = (...first: number[]) => new Uint8Array([...first, ...new Uint8Array(32 - first.length)]);
  for (const below of [limit(255, 1), limit(1), limit(0, 0, 7), limit(0, 0, 0, 1)]) {
    for (let n = 0; n < 50; n++) assert.ok(toHex(randomChannelId(below)) < toHex(below));
  }
});

Deno.test("randomChannelId() is 32 random bytes where nothing is smaller, and where nothing is asked for", () => {
  for (const below of [undefined, new Uint8Array(32)]) {
    const [first, second] = [randomChannelId(below), randomChannelId(below)];
    assert.equal(first.length, 32);
    assert.notDeepEqual(first, second);
  }
});
