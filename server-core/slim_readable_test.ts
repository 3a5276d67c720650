import assert from "node:assert/strict";
import { slimReadable } from "./slim_readable.ts";

function source(pieces: Uint8Array<ArrayBuffer>[], onCancel = (_reason: unknown) => {}) {
  return new ReadableStream({
    type: "bytes",
    pull(controller) {
      const piece = pieces.shift();
      if (piece) controller.enqueue(piece);
      else {
        controller.close();
        controller.byobRequest?.respond(0);
      }
    },
    cancel: onCancel,
  });
}

Deno.test("SERVERS 10: slimReadable() gives the same bytes, in buffers not much larger than these", async () => {
  const sent = crypto.getRandomValues(new Uint8Array(60_000));
  const received: number[] = [];
  const pieces = [sent.slice(0, 10), sent.slice(10, 11), sent.slice(11, 30_000), sent.slice(30_000)];
  for await (const piece of slimReadable(source(pieces))) {
    received.push(...piece);
    assert.ok(piece.buffer.byteLength <= 4 * piece.length, `${piece.length} bytes in ${piece.buffer.byteLength}`);
  }
  assert.deepEqual(Uint8Array.from(received), sent);
});

Deno.test("slimReadable() passes a cancel on", async () => {
  let cancelled: unknown;
  await slimReadable(source([], (reason) => cancelled = reason)).cancel("enough");
  assert.equal(cancelled, "enough");
});
