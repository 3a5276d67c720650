import assert from "node:assert/strict";
import * as $ from "capnp-es";
import * as wire from "../generated/node.ts";
import { MalformedError } from "../malformed_error.ts";
import { decodeBytesReturn, encodeBytesReturn, encodeChunk } from "./byte_messages.ts";
import {
  decodeChunk,
  decodeReturn,
  encodeEnd,
  encodeError,
  encodeResults,
  maxChunkBytes,
} from "./calls_and_returns.ts";
import { ErrorCode, WireError } from "./errors.ts";
import { delivery } from "./methods.ts";
import { type StructClass, writePlain } from "./plain.ts";

const lengths = [1, 7, 8, 9, 1_000, maxChunkBytes - 1, maxChunkBytes];
const bytesOf = (length: number) => Uint8Array.from({ length }, (_, index) => 1 + index % 255);

/** As the generated writer writes it. */
function generatedReturn(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const message = new $.Message();
  const answer = message.initRoot(wire.Return);
  $.utils.setUint16(0, wire.Return_Which.RESULTS, answer);
  const results = $.utils.initStructAt(0, delivery.getBlob.ResultsClass as StructClass<$.Struct>, answer);
  writePlain(results, { bytes });
  return new Uint8Array(message.toArrayBuffer());
}

Deno.test("encodeChunk() writes what the generated writer writes, byte for byte", () => {
  for (const length of lengths) {
    const bytes = bytesOf(length);
    const message = new $.Message();
    writePlain(message.initRoot(wire.Chunk as StructClass<$.Struct>), { bytes });
    assert.deepEqual(encodeChunk(bytes), new Uint8Array(message.toArrayBuffer()), `${length} bytes`);
    assert.deepEqual(decodeChunk(encodeChunk(bytes)), bytes);
  }
});

Deno.test("encodeBytesReturn() writes what the generated writer writes, and both are read the same", () => {
  for (const length of lengths) {
    const bytes = bytesOf(length);
    assert.deepEqual(encodeBytesReturn(bytes), generatedReturn(bytes), `${length} bytes`);
    const framed = encodeResults(delivery.getBlob, { bytes });
    const read = decodeBytesReturn(framed);
    assert.deepEqual(read, bytes);
    assert.equal(read?.buffer, framed.buffer, "no copy is made");
    assert.deepEqual(decodeReturn(framed, delivery.getBlob), { kind: "results", results: { bytes } });
  }
  const none = encodeResults(delivery.getBlob, { bytes: new Uint8Array() });
  assert.deepEqual(decodeReturn(none, delivery.getBlob), { kind: "results", results: { bytes: new Uint8Array() } });
});

Deno.test("decodeReturn() reads bytes that are laid out otherwise, errors and ends as before", () => {
  // Two segments: the pointers lead from one to the other.
  const single = generatedReturn(bytesOf(16));
  const far = new Uint8Array(single.length + 16);
  const view = new DataView(far.buffer);
  [1, 1, (single.length - 8) / 8, 0].forEach((word, index) => view.setUint32(4 * index, word, true));
  // A far pointer to the beginning of the second segment.
  view.setUint32(16, 2, true);
  view.setUint32(20, 1, true);
  far.set(single.subarray(8), 24);
  assert.equal(decodeBytesReturn(far), undefined);
  assert.deepEqual(decodeReturn(far, delivery.getBlob), { kind: "results", results: { bytes: bytesOf(16) } });
  const error = new WireError(ErrorCode.blobNotFound, "gone", 0);
  const answer = decodeReturn(encodeError(error), delivery.getBlob);
  assert.ok(answer.kind === "error" && answer.error.code === error.code);
  assert.deepEqual(decodeReturn(encodeEnd(), delivery.getBlob), { kind: "end" });
});

Deno.test("decodeReturn() gives no bytes beyond the message, whatever its words say", () => {
  const framed = encodeBytesReturn(bytesOf(64));
  // The reader of messages has judged the segment table (framing.ts).
  for (let at = 8; at < framed.length; at++) {
    for (const value of [0, 1, 2, 0x7f, 0xff]) {
      const changed = framed.slice();
      changed[at] = value;
      try {
        const read = decodeReturn(changed, delivery.getBlob);
        if (read.kind === "results") assert.ok((read.results.bytes as Uint8Array).length <= 64);
      } catch (error) {
        assert.ok(error instanceof MalformedError, `byte ${at} as ${value}: ${error}`);
      }
    }
    assert.equal(decodeBytesReturn(framed.subarray(0, at)), undefined);
  }
});
