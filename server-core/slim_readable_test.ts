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

Deno.test("slimReadable() gives the same bytes, in buffers not much larger than their content", async () => {
  const sent = crypto.getRandomValues(new Uint8Array(60_000));
  const received: number[] = [];
  let first: number | undefined;
  for await (const piece of slimReadable(source([sent.slice(0, 10), sent.slice(10, 30_000), sent.slice(30_000)]))) {
    first ??= piece.buffer.byteLength;
    received.push(...piece);
  }
  assert.deepEqual(Uint8Array.from(received), sent);
  assert.equal(first, 2048);
});

Deno.test("slimReadable() passes a cancel on", async () => {
  let cancelled: unknown;
  await slimReadable(source([], (reason) => cancelled = reason)).cancel("enough");
  assert.equal(cancelled, "enough");
});
