import type { PullBytes } from "./byte_reader.ts";

const defaultReadLength = 1024;

/**
 * Reads a QUIC stream in pieces of a chosen size. Deno's default reader allocates 64 KiB for each read, and
 * thousands of idle control streams would each hold that much.
 */
export class StreamSource {
  readonly #reader: ReadableStreamBYOBReader;
  readonly #isExact: boolean;

  /**
   * @param readable a byte stream
   * @param isExact true: never reads further than asked, so that after {@link release} the stream continues
   *   where the parser stopped
   */
  constructor(readable: ReadableStream<Uint8Array>, isExact: boolean) {
    this.#reader = readable.getReader({ mode: "byob" });
    this.#isExact = isExact;
  }

  readonly pull: PullBytes = async (wanted) => {
    const length = this.#isExact ? wanted : Math.max(wanted, defaultReadLength);
    const { value, done } = await this.#reader.read(new Uint8Array(length));
    return done || value.length === 0 ? undefined : value;
  };

  /** Releases the stream, unlocked. Only while no read is pending. */
  release(): void {
    this.#reader.releaseLock();
  }

  /** Tells the peer to stop sending (STOP_SENDING, at the latest when a pending read ends). */
  async cancel(): Promise<void> {
    await this.#reader.cancel().catch(() => {});
  }
}
