/** The one shape of transport that calls need: a bidirectional byte stream, as QUIC and WebTransport give it. */

import type { Bytes } from "../bytes.ts";
import { MalformedError } from "../malformed_error.ts";

/**
 * One bidirectional stream. Closing the writable is FIN; cancelling the readable and aborting the writable is
 * a reset.
 */
export interface ByteStream {
  readable: ReadableStream<Uint8Array>;
  writable: WritableStream<Uint8Array>;
}

/** Opens a stream to the callee. Rejects when there is no connection. */
export type OpenStream = (signal?: AbortSignal) => Promise<ByteStream>;

/** Reads exact numbers of bytes from a stream of pieces of any size. */
export class ByteReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #pieces: Uint8Array[] = [];
  #held = 0;
  #ended = false;
  /** Bytes that have arrived so far. */
  arrived = 0;

  constructor(readable: ReadableStream<Uint8Array>) {
    this.#reader = readable.getReader();
  }

  /**
   * @param length bytes wanted; memory is taken as bytes arrive, never ahead
   * @returns exactly that many bytes in memory of their own, or undefined when the stream ended before the
   *   first of them
   * @throws MalformedError when it ended in between
   */
  async exactly(length: number): Promise<Bytes | undefined> {
    while (this.#held < length && !this.#ended) {
      const { value, done } = await this.#reader.read();
      if (done) this.#ended = true;
      else if (value.length > 0) {
        this.#pieces.push(value);
        this.#held += value.length;
        this.arrived += value.length;
      }
    }
    if (this.#held < length) {
      if (this.#held === 0) return undefined;
      throw new MalformedError("the stream ended inside a message");
    }
    return this.#take(length);
  }

  /** Resets the reading side. */
  async cancel(reason?: unknown): Promise<void> {
    await this.#reader.cancel(reason).catch(() => {});
  }

  #take(length: number): Bytes {
    const taken = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const piece = this.#pieces[0];
      const part = piece.subarray(0, length - filled);
      taken.set(part, filled);
      filled += part.length;
      if (part.length === piece.length) this.#pieces.shift();
      else this.#pieces[0] = piece.subarray(part.length);
    }
    this.#held -= length;
    return taken;
  }
}
