import assert from "node:assert/strict";
import { slimReadable, StreamSource } from "./stream_source.ts";

/** A byte stream with so much to give at each read, and the lengths of the buffers that it was asked to fill. */
function makeStream(pieces: number[]) {
  const asked: number[] = [];
  const readable = new ReadableStream({
    type: "bytes",
    pull(controller) {
      const view = controller.byobRequest!.view as Uint8Array;
      asked.push(view.byteLength);
      const length = pieces.shift();
      if (length === undefined) {
        controller.close();
        return controller.byobRequest!.respond(0);
      }
      controller.byobRequest!.respond(Math.min(length, view.byteLength));
    },
  });
  return { readable: readable as ReadableStream<Uint8Array>, asked };
}

Deno.test("SERVERS 3: slimReadable() reads into small buffers, which grow while they are filled", async () => {
  const { readable, asked } = makeStream([10, 2_048, 100_000, 100_000, 100_000, 10]);
  const lengths: number[] = [];
  for await (const { length } of slimReadable(readable)) lengths.push(length);
  assert.deepEqual(lengths, [10, 2_048, 8_192, 32_768, 65_536, 10]);
  assert.deepEqual(asked, [2_048, 2_048, 8_192, 32_768, 65_536, 65_536, 32_768]);
});

Deno.test("SERVERS 6: an upload in bursts needs few reads, and its buffer shrinks to the smallest again", async () => {
  const [bursts, burstBytes] = [32, 80_000];
  const asked: number[] = [];
  let left = bursts * burstBytes;
  const readable = new ReadableStream({
    type: "bytes",
    pull(controller) {
      const { byteLength } = controller.byobRequest!.view!;
      asked.push(byteLength);
      const length = left > 0 ? Math.min(byteLength, left % burstBytes || burstBytes) : 1;
      left = Math.max(left - length, 0);
      controller.byobRequest!.respond(length);
    },
  });
  const source = new StreamSource(readable as ReadableStream<Uint8Array>, false);
  while (left > 0) await source.some();
  assert.ok(asked.length <= 2 * bursts + 5, `${asked.length} reads of ${bursts} bursts`);
  assert.equal(Math.max(...asked), 65_536);
  for (let index = 0; index < 6; index++) await source.some();
  assert.equal(asked.at(-1), 2_048);
});

Deno.test("SERVERS 6: StreamSource passes on what has come, and a failure, when it is its turn", async () => {
  const begun: (() => void)[] = [];
  const turn = () => new Promise<void>((resolve) => begun.push(resolve));
  const incoming = new TransformStream<Uint8Array, Uint8Array>();
  const bytes = new ReadableStream({
    type: "bytes",
    async start(controller) {
      try {
        for await (const piece of incoming.readable) controller.enqueue(piece as Uint8Array<ArrayBuffer>);
      } catch (error) {
        controller.error(error);
      }
    },
  });
  const source = new StreamSource(bytes as ReadableStream<Uint8Array>, false, turn);
  const writer = incoming.writable.getWriter();
  const events: unknown[] = [];
  const next = () => void source.some().then((read) => events.push(read?.length), () => events.push("failed"));
  const settle = () => new Promise((resolve) => setTimeout(resolve, 5));
  next();
  await writer.write(new Uint8Array(3));
  await settle();
  assert.deepEqual([events, begun.length], [[], 1]);
  begun[0]();
  await settle();
  assert.deepEqual(events, [3]);
  next();
  await writer.abort(new Error("reset"));
  await settle();
  assert.deepEqual([events, begun.length], [[3], 2]);
  begun[1]();
  await settle();
  assert.deepEqual(events, [3, "failed"]);
});
