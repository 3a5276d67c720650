/** What moves on a connection's streams: the ground on which a stalled one is told from a quiet one. */

import type { ByteStream } from "../../schema/rpc/byte_stream.ts";

interface StreamState {
  openedMs: number;
  lastReadMs: number;
  bytesRead: number;
}

/** Watches the streams of one connection. */
export class Activity {
  readonly #now: () => number;
  readonly #streams = new Set<StreamState>();
  #lastMoveMs: number;

  /** @param now ms */
  constructor(now: () => number) {
    this.#now = now;
    this.#lastMoveMs = now();
  }

  /** Streams whose reading side has not ended. */
  get open(): number {
    return this.#streams.size;
  }

  /** ms since a stream was opened, ended or gave bytes */
  quietMs(): number {
    return this.#now() - this.#lastMoveMs;
  }

  /** @returns whether a stream waits for its first byte since `forMs` while nothing else moved either */
  isWaiting(forMs: number): boolean {
    const now = this.#now();
    return now - this.#lastMoveMs >= forMs && [...this.#streams].some(({ bytesRead, openedMs }) => bytesRead === 0 && now - openedMs >= forMs);
  }

  /** @returns whether a stream that has given at least `afterBytes` has given nothing more for `forMs` */
  hasDriedUp(afterBytes: number, forMs: number): boolean {
    const now = this.#now();
    return [...this.#streams].some(({ bytesRead, lastReadMs }) => bytesRead >= afterBytes && now - lastReadMs >= forMs);
  }

  /** The same stream, watched. */
  watch(stream: ByteStream): ByteStream {
    const state: StreamState = { openedMs: this.#now(), lastReadMs: this.#now(), bytesRead: 0 };
    this.#streams.add(state);
    this.#moved();
    const end = () => {
      if (this.#streams.delete(state)) this.#moved();
    };
    const reader = stream.readable.getReader();
    const readable = new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        try {
          const { value, done } = await reader.read();
          if (done) {
            end();
            return controller.close();
          }
          state.bytesRead += value.length;
          state.lastReadMs = this.#now();
          this.#moved();
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
    return { readable, writable: stream.writable };
  }

  #moved(): void {
    this.#lastMoveMs = this.#now();
  }
}
