import assert from "node:assert/strict";
import type { ByteStream } from "../../schema/rpc/byte_stream.ts";
import { StreamLimit } from "./stream_limit.ts";

function stream(): ByteStream & { end(): void; fail(error: Error): void } {
  let control!: ReadableStreamDefaultController<Uint8Array>;
  const readable = new ReadableStream<Uint8Array>({ start: (controller) => void (control = controller) });
  return {
    readable,
    writable: new WritableStream(),
    end: () => control.close(),
    fail: (error) => control.error(error),
  };
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 5));

Deno.test("StreamLimit opens up to its number, and the next one when a stream ends", async () => {
  const limit = new StreamLimit(1);
  let opened = 0;
  const first = stream();
  const opening = (made = stream()) =>
    limit.open(undefined, () => {
      opened++;
      return Promise.resolve(made);
    });
  const one = await opening(first);
  const second = stream();
  const waiting = opening(second);
  await pause();
  assert.equal(opened, 1);
  first.end();
  assert.equal((await one.readable.getReader().read()).done, true);
  const two = await waiting;
  second.fail(new Error("reset"));
  await assert.rejects(two.readable.getReader().read(), /reset/);
  const three = await opening();
  await three.readable.cancel();
  await opening();
  assert.equal(opened, 4);
});

Deno.test("StreamLimit frees the slot of a waiter that gives up and of a failed opening", async () => {
  const limit = new StreamLimit(1);
  const one = await limit.open(undefined, () => Promise.resolve(stream()));
  const aborter = new AbortController();
  const givenUp = limit.open(aborter.signal, () => Promise.resolve(stream()));
  aborter.abort(new Error("enough"));
  await assert.rejects(givenUp, /enough/);
  const failing = limit.open(undefined, () => Promise.reject(new Error("no stream")));
  failing.catch(() => {});
  await one.readable.cancel();
  await assert.rejects(failing, /no stream/);
  await limit.open(undefined, () => Promise.resolve(stream()));
});

Deno.test("StreamLimit passes every byte on, in order", async () => {
  const pieces = [Uint8Array.of(1), Uint8Array.of(2, 3)];
  const limit = new StreamLimit(1);
  const { readable } = await limit.open(
    undefined,
    () => Promise.resolve({ readable: ReadableStream.from(pieces), writable: new WritableStream() }),
  );
  assert.deepEqual(await Array.fromAsync(readable), pieces);
});
