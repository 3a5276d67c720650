import type { PullBytes } from "./byte_reader.ts";

const defaultReadLength = 1024;
/** The buffer of a read of which nobody knows how much will come. */
export const firstReadBytes = 2_048;
const mostReadBytes = 64 * 1024;

/**
 * Reads a QUIC stream in pieces of a chosen size. Deno's default reader allocates 64 KiB for each read, and
 * thousands of idle control streams, and of calls that wait for their answer, would each hold that much.
 */
export class StreamSource {
  readonly #reader: ReadableStreamBYOBReader;
  readonly #isExact: boolean;
  readonly #turn: (() => Promise<void>) | undefined;
  #readBytes = firstReadBytes;

  /**
   * @param readable a byte stream
   * @param isExact true: {@link pull} never reads further than asked, so that after {@link release} the stream
   *   continues where the parser stopped
   * @param turn awaited when something has come, be it the stream's end or its failure, before it is passed on
   */
  constructor(readable: ReadableStream<Uint8Array>, isExact: boolean, turn?: () => Promise<void>) {
    this.#reader = readable.getReader({ mode: "byob" });
    this.#isExact = isExact;
    this.#turn = turn;
  }

  readonly pull: PullBytes = async (wanted) =>
    await this.#read(this.#isExact ? wanted : Math.max(wanted, defaultReadLength));

  /**
   * Reads what is there, into a buffer that grows while the stream fills it, and shrinks while it does not. By halves,
   * because an upload comes in bursts: with the smallest buffer after each, it would need many more turns.
   *
   * @param mostBytes of this read
   * @returns undefined at the end
   */
  async some(mostBytes = mostReadBytes): Promise<Uint8Array | undefined> {
    const bytes = await this.#read(Math.min(this.#readBytes, mostBytes));
    const isFull = bytes?.length === bytes?.buffer.byteLength;
    this.#readBytes = isFull
      ? Math.min(4 * this.#readBytes, mostReadBytes)
      : Math.max(this.#readBytes / 2, firstReadBytes);
    return bytes;
  }

  /** Releases the stream, unlocked. Only while no read is pending. */
  release(): void {
    this.#reader.releaseLock();
  }

  /** Tells the peer to stop sending (STOP_SENDING, at the latest when a pending read ends). */
  async cancel(reason?: unknown): Promise<void> {
    await this.#reader.cancel(reason).catch(() => {});
  }

  async #read(length: number): Promise<Uint8Array | undefined> {
    const read = this.#reader.read(new Uint8Array(length));
    if (this.#turn) await read.then(this.#turn, this.#turn);
    const { value, done } = await read;
    return done || value.length === 0 ? undefined : value;
  }
}

/** The same bytes, read as {@link StreamSource.some} does, and none before somebody asks. */
export function slimReadable(readable: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const source = new StreamSource(readable, false);
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const bytes = await source.some();
      if (bytes) controller.enqueue(bytes);
      else controller.close();
    },
    cancel: (reason) => source.cancel(reason),
  }, { highWaterMark: 0 });
}
