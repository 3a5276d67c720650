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

/** Memory that is taken for a message before its bytes are there. */
const firstBytes = 1024;

/**
 * Reads exact numbers of bytes from a stream of pieces of any size. Pieces are copied together as they come: a piece of
 * one byte can keep a buffer of kilobytes.
 */
export class ByteReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  /** The part of the last piece that was not asked for yet. */
  #rest: Uint8Array = new Uint8Array();
  /** Bytes that have arrived so far. */
  arrived = 0;
  /** The stream failed: its sender is gone. */
  isLost = false;

  constructor(readable: ReadableStream<Uint8Array>) {
    this.#reader = readable.getReader();
  }

  /**
   * @param length bytes wanted; memory is taken as bytes arrive, at most twice of what has come and 1 KiB
   * @param before what was read before and belongs to them
   * @returns `before` and exactly that many bytes in memory of their own, or undefined when the stream ended before the
   *   first of them
   * @throws MalformedError when it ended in between
   */
  async exactly(length: number, before: Bytes = new Uint8Array()): Promise<Bytes | undefined> {
    const end = before.length + length;
    let taken: Bytes = new Uint8Array(Math.min(end, before.length + Math.max(firstBytes, 2 * this.#rest.length)));
    taken.set(before);
    let filled = before.length;
    while (filled < end) {
      if (this.#rest.length === 0 && !await this.#next()) {
        if (filled === before.length) return undefined;
        throw new MalformedError("the stream ended inside a message");
      }
      const part = this.#rest.subarray(0, end - filled);
      this.#rest = part.length === this.#rest.length ? new Uint8Array() : this.#rest.subarray(part.length);
      if (filled + part.length > taken.length) {
        taken = enlarged(taken, Math.min(end, Math.max(2 * taken.length, filled + part.length)));
      }
      taken.set(part, filled);
      filled += part.length;
    }
    return taken;
  }

  /** Resets the reading side. */
  async cancel(reason?: unknown): Promise<void> {
    await this.#reader.cancel(reason).catch(() => {});
  }

  /** @returns false at the end */
  async #next(): Promise<boolean> {
    const { value, done } = await this.#reader.read().catch((error) => {
      this.isLost = true;
      throw error;
    });
    if (done) return false;
    this.#rest = value;
    this.arrived += value.length;
    return true;
  }
}

function enlarged(bytes: Bytes, length: number): Bytes {
  const larger = new Uint8Array(length);
  larger.set(bytes);
  return larger;
}
