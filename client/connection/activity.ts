/** Measures the progress of a connection's streams, to tell a stalled connection from a quiet one. */

import type { ByteStream } from "../../schema/rpc/byte_stream.ts";

interface StreamState {
  openedMs: number;
  lastReadMs: number;
  bytesRead: number;
  /** when the pending write began; undefined: no write is pending */
  writingMs: number | undefined;
}

/** Watches the streams of one connection. */
export class Activity {
  readonly #now: () => number;
  readonly #streams = new Set<StreamState>();
  #lastMoveMs: number;
  #lastHeardMs: number;
  #signs = 0;

  /** @param now ms */
  constructor(now: () => number) {
    this.#now = now;
    this.#lastMoveMs = now();
    this.#lastHeardMs = now();
  }

  /** Streams whose reading side has not ended, and those that are being opened. */
  get open(): number {
    return this.#streams.size;
  }

  /** ms since a stream was opened, ended or gave bytes */
  quietMs(): number {
    return this.#now() - this.#lastMoveMs;
  }

  /** ms since a stream gave bytes, or its end */
  silentMs(): number {
    return this.#now() - this.#lastHeardMs;
  }

  /** How often streams gave bytes, or their end. */
  get signs(): number {
    return this.#signs;
  }

  /**
   * To open a stream and to give one up needs no peer, so both count for {@link quietMs} alone.
   *
   * @returns whether a stream waits for its first byte since `forMs`, and nothing was heard for as long
   */
  isWaiting(forMs: number): boolean {
    const now = this.#now();
    return now - this.#lastHeardMs >= forMs &&
      [...this.#streams].some(({ bytesRead, openedMs }) => bytesRead === 0 && now - openedMs >= forMs);
  }

  /** @returns whether a stream that has given at least `afterBytes` has given nothing more for `forMs` */
  hasDriedUp(afterBytes: number, forMs: number): boolean {
    const now = this.#now();
    return [...this.#streams].some(({ bytesRead, lastReadMs }) => bytesRead >= afterBytes && now - lastReadMs >= forMs);
  }

  /** @returns whether a write has been pending for `forMs` */
  isHeldUp(forMs: number): boolean {
    const now = this.#now();
    return [...this.#streams].some(({ writingMs }) => writingMs !== undefined && now - writingMs >= forMs);
  }

  /**
   * Watches a stream from its opening on: a transport that opens no more streams is stalled as well.
   *
   * @param over aborts when the connection is over: then the stream ends, though a stalled browser may leave it open
   */
  async watch(opening: Promise<ByteStream>, over?: AbortSignal): Promise<ByteStream> {
    const state: StreamState = { openedMs: this.#now(), lastReadMs: this.#now(), bytesRead: 0, writingMs: undefined };
    this.#streams.add(state);
    const end = () => {
      if (this.#streams.delete(state)) this.#moved();
    };
    let stream: ByteStream;
    try {
      stream = await opening;
    } catch (error) {
      end();
      throw error;
    }
    state.openedMs = this.#now();
    this.#moved();
    return { readable: this.#readable(stream, state, end, over), writable: this.#writable(stream, state) };
  }

  #readable(
    stream: ByteStream,
    state: StreamState,
    ended: () => void,
    over: AbortSignal | undefined,
  ): ReadableStream<Uint8Array> {
    const reader = stream.readable.getReader();
    let cut = () => {};
    const end = () => {
      over?.removeEventListener("abort", cut);
      ended();
    };
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        cut = () => {
          end();
          controller.error(over?.reason);
          reader.cancel(over?.reason).catch(() => {});
        };
        if (over?.aborted) cut();
        else over?.addEventListener("abort", cut);
      },
      pull: async (controller) => {
        try {
          const { value, done } = await reader.read();
          // A stream that was given up looks as if it had ended.
          if (this.#streams.has(state)) this.#heard();
          if (done) {
            end();
            return controller.close();
          }
          state.bytesRead += value.length;
          state.lastReadMs = this.#now();
          controller.enqueue(value);
        } catch (error) {
          end();
          controller.error(error);
        }
      },
      cancel: async (reason) => {
        end();
        await reader.cancel(reason);
      },
    }, { highWaterMark: 0 });
  }

  /** Times the writes in place: a wrapping stream would delay the FIN until the last write was taken. */
  #writable({ writable }: ByteStream, state: StreamState): WritableStream<Uint8Array> {
    const getWriter = writable.getWriter.bind(writable);
    writable.getWriter = () => {
      const writer = getWriter();
      const write = writer.write.bind(writer);
      let held = 0;
      writer.write = (bytes) => {
        if (held++ === 0) state.writingMs = this.#now();
        const taken = write(bytes);
        const settled = () => void (state.writingMs = --held === 0 ? undefined : this.#now());
        taken.then(settled, settled);
        return taken;
      };
      return writer;
    };
    return writable;
  }

  #heard(): void {
    this.#moved();
    this.#lastHeardMs = this.#lastMoveMs;
    this.#signs++;
  }

  #moved(): void {
    this.#lastMoveMs = this.#now();
  }
}
