import assert from "node:assert/strict";
import { toHex } from "../../../schema/bytes.ts";
import { randomChannelId } from "./create_replacement.ts";

const channelId = (...first: number[]) => new Uint8Array([...first, ...new Uint8Array(32 - first.length)]);

Deno.test("randomChannelId() is smaller than the one before it, and chosen anew when that is very small", () => {
  for (const below of [channelId(255, 1), channelId(1), channelId(0, 0, 7), channelId(0, 0, 0, 1)]) {
    for (let n = 0; n < 50; n++) assert.ok(toHex(randomChannelId(below)) < toHex(below));
  }
  const verySmall = new Uint8Array(32);
  verySmall[20] = 1;
  for (const below of [verySmall, new Uint8Array(32)]) {
    const [first, second] = [randomChannelId(below), randomChannelId(below)];
    assert.equal(first.length, 32);
    assert.notDeepEqual(first, second);
    assert.notDeepEqual(first.subarray(0, 16), new Uint8Array(16));
  }
});
