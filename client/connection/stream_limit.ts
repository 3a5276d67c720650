/**
 * Limits the streams that a connection has open at once. Chromium rejects, and does not queue, a stream over
 * the peer's limit (architecture §5), so the queue is here.
 */

import { Semaphore } from "async-mutex";
import type { ByteStream } from "../../schema/rpc/byte_stream.ts";

/**
 * Below the 144 that the gateway allows (gateway/http3/server.ts), because credit for finished streams is returned in
 * batches.
 */
const maxOpenStreams = 100;

/** Keeps the open streams of one connection below the peer's limit; further calls wait. */
export class StreamLimit {
  readonly #slots: Semaphore;

  constructor(limit: number = maxOpenStreams) {
    this.#slots = new Semaphore(limit);
  }

  /**
   * Waits for a free slot, then opens. The slot is free again when the reading side of the stream has ended,
   * failed or been cancelled.
   *
   * @param signal cancels the wait for a slot and for the transport, which may never open a stream
   */
  async open(signal: AbortSignal | undefined, opener: () => Promise<ByteStream>): Promise<ByteStream> {
    signal?.throwIfAborted();
    const release = once(await interruptible(this.#slots.acquire(), signal, ([, release]) => release()));
    try {
      signal?.throwIfAborted();
      const stream = await interruptible(opener(), signal, reset);
      return { writable: stream.writable, readable: onEnd(stream.readable, release) };
    } catch (error) {
      release();
      throw error;
    }
  }
}

type Release = () => void;

function once([, release]: [number, Release]): Release {
  let released = false;
  return () => {
    if (!released) release();
    released = true;
  };
}

function reset({ readable, writable }: ByteStream): void {
  readable.cancel().catch(() => {});
  writable.abort().catch(() => {});
}

/** @param discard called with a result that arrives after the abort */
async function interruptible<T>(
  awaited: Promise<T>,
  signal: AbortSignal | undefined,
  discard: (late: T) => void,
): Promise<T> {
  if (!signal) return await awaited;
  let stop: () => void = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([awaited, aborted]);
  } catch (error) {
    awaited.then(discard, () => {});
    throw error;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

function onEnd(readable: ReadableStream<Uint8Array>, ended: () => void): ReadableStream<Uint8Array> {
  const reader = readable.getReader();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { value, done } = await reader.read();
        if (!done) return controller.enqueue(value);
        ended();
        controller.close();
      } catch (error) {
        ended();
        controller.error(error);
      }
    },
    async cancel(reason) {
      ended();
      await reader.cancel(reason);
    },
  }, { highWaterMark: 0 });
}
