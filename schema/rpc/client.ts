/** The calling side: a stream a call, over any transport that opens byte streams. */

import { MalformedError } from "../malformed_error.ts";
import { ByteReader, type ByteStream, type OpenStream } from "./byte_stream.ts";
import { encodeChunk } from "./byte_messages.ts";
import { TransportError, WireError } from "./errors.ts";
import { maxMessageBytes, readMessage } from "./framing.ts";
import {
  type CallAuth,
  decodeReturn,
  encodeCall,
  maxChunkBytes,
  noAuth,
  type ReceivedReturn,
} from "./calls_and_returns.ts";
import type { Method, ParamsOf, ResultsOf } from "./methods.ts";

/** Room for results of 256 KiB of content inside of their struct. */
const maxReturnBytes = maxMessageBytes + 64 * 1024;

export interface CallOptions {
  /** Cancels the call: both directions of its stream are reset. */
  signal?: AbortSignal;
  /** Longest wait for the whole answer of a unary call, in ms (default 30,000). */
  timeoutMs?: number;
}

/** How long a stream that was opened ahead waits for its call, in ms. */
const openedForMs = 1000;

/** Makes calls. Holds no connection: `openStream` is asked for a stream each time. */
export class RpcClient {
  readonly #openStream: OpenStream;
  readonly #auth: () => CallAuth;
  #openedAhead: { stream: Promise<ByteStream>; timer: ReturnType<typeof setTimeout> } | undefined;

  /**
   * @param openStream gives the call's stream, or rejects when there is no connection
   * @param auth read at each call, so that a sign-in is seen at once
   */
  constructor(openStream: OpenStream, auth: () => CallAuth = () => noAuth) {
    this.#openStream = openStream;
    this.#auth = auth;
  }

  /**
   * A unary call.
   *
   * @param body for `commit` and `putBlob`: what goes after the call, in Chunks
   * @throws WireError the callee's answer; TransportError when there was no answer
   */
  async call<M extends Method>(
    method: M,
    params: ParamsOf<M>,
    options: CallOptions = {},
    body?: Uint8Array,
  ): Promise<ResultsOf<M>> {
    const timeout = AbortSignal.timeout(options.timeoutMs ?? 30_000);
    const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
    for await (const answer of this.#answers(method, params as object, signal, true, body)) {
      if (answer.kind === "results") return answer.results as ResultsOf<M>;
      throw new TransportError(`${method.name}: the answer has no results`);
    }
    throw new TransportError(`${method.name}: the stream ended without an answer`);
  }

  /**
   * A streaming call: yields each element until the callee ends it. Leaving the loop resets the stream.
   *
   * @throws WireError, TransportError (also for a stream that ended without `end`)
   */
  async *stream<M extends Method>(
    method: M,
    params: ParamsOf<M>,
    options: Pick<CallOptions, "signal"> = {},
  ): AsyncGenerator<ResultsOf<M>> {
    for await (const answer of this.#answers(method, params as object, options.signal)) {
      if (answer.kind === "end") return;
      if (answer.kind === "results") yield answer.results as ResultsOf<M>;
    }
    throw new TransportError(`${method.name}: the stream ended without its end`);
  }

  /**
   * Opens the next call's stream now, so that opening it (3 to 6 ms in a browser) runs beside what comes
   * before the call. Not used within a second, it is reset.
   */
  openAhead(): void {
    if (this.#openedAhead) return;
    const stream = this.#openStream();
    const timer = setTimeout(() => {
      this.#openedAhead = undefined;
      stream.then(reset, () => {});
    }, openedForMs);
    this.#openedAhead = { stream, timer };
    stream.catch(() => void this.#takeOpenedAhead()?.catch(() => {}));
  }

  /** @param signal gives up a stream that is still being opened */
  #takeOpenedAhead(signal?: AbortSignal): Promise<ByteStream> | undefined {
    const ahead = this.#openedAhead;
    if (!ahead) return undefined;
    clearTimeout(ahead.timer);
    this.#openedAhead = undefined;
    if (!signal) return ahead.stream;
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        reject(signal.reason);
        ahead.stream.then(reset, () => {});
      };
      signal.addEventListener("abort", giveUp, { once: true });
      ahead.stream.then(resolve, reject).finally(() => signal.removeEventListener("abort", giveUp));
    });
  }

  async *#answers(
    method: Method,
    params: object,
    signal?: AbortSignal,
    unary = false,
    body?: Uint8Array,
  ): AsyncGenerator<ReceivedReturn> {
    const framed = encodeCall(method, params, this.#auth());
    signal?.throwIfAborted();
    const stream = await this.#open(method, signal);
    const reader = new ByteReader(stream.readable);
    const writer = stream.writable.getWriter();
    const sending = send(writer, framed, body);
    // A write can fail because the callee answered early and stopped reading: the answer then says why.
    sending.catch(() => {});
    const abort = () => {
      void reader.cancel(signal?.reason);
      writer.abort(signal?.reason).catch(() => {});
    };
    signal?.addEventListener("abort", abort, { once: true });
    // It may have been aborted in the turn in which the stream came.
    if (signal?.aborted) abort();
    let ended = false;
    let answered = false;
    try {
      while (true) {
        const answer = await this.#next(reader, method, signal);
        if (!answer) {
          ended = true;
          return;
        }
        answered = true;
        if (answer.kind === "error") throw answer.error;
        yield answer;
      }
    } finally {
      const forget = () => signal?.removeEventListener("abort", abort);
      // A connection gives a stream's place to the next call only when the stream was read to its end or reset.
      if (unary && answered) {
        // After its one answer the callee ends the stream; to reset it would be work for everybody on the way.
        reader.exactly(1).then((more) => more && abort(), () => {}).finally(forget);
      } else {
        forget();
        if (ended) writer.abort().catch(() => {});
        else abort();
      }
    }
  }

  async #open(method: Method, signal?: AbortSignal): Promise<ByteStream> {
    try {
      return await this.#takeOpenedAhead(signal) ?? await this.#openStream(signal);
    } catch (error) {
      throw new TransportError(`${method.name}: no stream: ${(error as Error).message}`, {
        cause: error,
        unsent: true,
      });
    }
  }

  async #next(reader: ByteReader, method: Method, signal?: AbortSignal): Promise<ReceivedReturn | undefined> {
    try {
      const framed = await readMessage(reader, maxReturnBytes);
      // Cancelling a reader makes its pending read look like a clean end.
      if (signal?.aborted) throw signal.reason;
      return framed && decodeReturn(framed, method);
    } catch (error) {
      if (error instanceof WireError || error instanceof MalformedError) throw error;
      throw new TransportError(`${method.name}: ${(error as Error)?.message ?? error}`, { cause: error });
    }
  }
}

function reset({ readable, writable }: ByteStream): void {
  readable.cancel().catch(() => {});
  writable.abort().catch(() => {});
}

// The close is not awaited: in Chromium that costs 25 ms (measured), and the answer is what counts.
async function send(
  writer: WritableStreamDefaultWriter<Uint8Array>,
  framed: Uint8Array,
  body?: Uint8Array,
): Promise<void> {
  const written = writer.write(framed);
  if (body) {
    await written;
    for (let offset = 0; offset < body.length; offset += maxChunkBytes) {
      await writer.write(encodeChunk(body.subarray(offset, offset + maxChunkBytes)));
    }
  }
  await Promise.all([written, writer.close()]);
}
