/** Looks at the first bytes of a stream before another reader takes the stream. */

import { MalformedError } from "../schema/malformed_error.ts";

/** A stream whose first bytes can be read without being removed. */
export class PeekedStream {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #held = new Uint8Array();

  constructor(readable: ReadableStream<Uint8Array>) {
    this.#reader = readable.getReader();
  }

  /**
   * @param length the least number of bytes
   * @returns the bytes that have arrived, which stay in the stream; fewer than `length` only when the stream
   *   ended
   */
  async peek(length: number): Promise<Uint8Array> {
    while (this.#held.length < length) {
      const { value, done } = await this.#reader.read();
      if (done) break;
      const joined = new Uint8Array(this.#held.length + value.length);
      joined.set(this.#held);
      joined.set(value, this.#held.length);
      this.#held = joined;
    }
    return this.#held;
  }

  /**
   * Removes exactly `length` bytes from the beginning.
   *
   * @throws MalformedError when the stream ends before
   */
  async take(length: number): Promise<Uint8Array> {
    const held = await this.peek(length);
    if (held.length < length) throw new MalformedError("the stream ended inside its first bytes");
    this.#held = held.slice(length);
    return held.slice(0, length);
  }

  /** @returns the stream from the first byte that was not removed; this object must not be used any more */
  rest(): ReadableStream<Uint8Array> {
    let first: Uint8Array | undefined = this.#held;
    return new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        if (first && first.length > 0) {
          controller.enqueue(first);
          first = undefined;
          return;
        }
        first = undefined;
        const { value, done } = await this.#reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => this.#reader.cancel(reason),
    }, { highWaterMark: 0 });
  }
}
