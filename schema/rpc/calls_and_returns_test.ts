import assert from "node:assert/strict";
import * as $ from "capnp-es";
import * as wire from "../generated/node.ts";
import { decodeChunk, encodeChunk, maxChunkBytes } from "./calls_and_returns.ts";
import { type StructClass, writePlain } from "./plain.ts";

Deno.test("encodeChunk() writes what the generated writer writes, byte for byte", () => {
  for (const length of [1, 7, 8, 9, 1_000, maxChunkBytes - 1, maxChunkBytes]) {
    const bytes = Uint8Array.from({ length }, (_, index) => 1 + index % 255);
    const message = new $.Message();
    writePlain(message.initRoot(wire.Chunk as StructClass<$.Struct>), { bytes });
    assert.deepEqual(encodeChunk(bytes), new Uint8Array(message.toArrayBuffer()), `${length} bytes`);
    assert.deepEqual(decodeChunk(encodeChunk(bytes)), bytes);
  }
});
