/**
 * Calls over plain HTTPS, for browsers and networks without WebTransport: `POST /rpc`, body = the call's bytes, streamed response = the Return bytes.
 *
 * The body is collected until the call's writer closes: streaming a request needs HTTP/2 and is not everywhere, and every call but `commit` and `putBlob` is one message.
 */

import { concat } from "../../schema/bytes.ts";
import type { ByteStream } from "../../schema/rpc/byte_stream.ts";
import { TransportError } from "../../schema/rpc/errors.ts";
import { StreamLimit } from "./stream_limit.ts";
import type { Connection } from "./transport.ts";

/** A gateway that has lost the core, or is going away, says so with these; the calls of the next connection may find another. */
const lostStatuses = new Set([502, 503, 504]);

/**
 * Over HTTP/1.1 a browser has six connections to an origin and `subscribe` holds one of them for good; requests over that wait in the browser, so the limit here is for
 * HTTP/2, whose servers commonly allow 100 streams.
 */
const maxRequests = 50;

export class HttpsConnection implements Connection {
  readonly transport = "HTTPS";
  readonly closed: Promise<{ reason: string }>;
  readonly #url: URL;
  readonly #fetch: typeof fetch;
  readonly #limit = new StreamLimit(maxRequests);
  readonly #over = new AbortController();
  #end: (end: { reason: string }) => void = () => {};

  /** @param url of the gateway's rpc path */
  constructor(url: URL, fetcher: typeof fetch = (...args) => fetch(...args)) {
    this.#url = url;
    this.#fetch = fetcher;
    this.closed = new Promise((resolve) => this.#end = resolve);
  }

  async openStream(signal?: AbortSignal): Promise<ByteStream> {
    if (this.#over.signal.aborted) throw new TransportError("the connection is over");
    return await this.#limit.open(signal, () => Promise.resolve(this.#exchange()));
  }

  close(): void {
    this.#finish("closed");
  }

  #finish(reason: string): void {
    this.#over.abort(new TransportError(reason));
    this.#end({ reason });
  }

  #exchange(): ByteStream {
    const reset = new AbortController();
    const signal = AbortSignal.any([reset.signal, this.#over.signal]);
    const pieces: Uint8Array[] = [];
    const { promise: answered, resolve: answer, reject: giveUp } = Promise.withResolvers<ReadableStreamDefaultReader<Uint8Array>>();
    answered.catch(() => {});
    // A stream that ends before its call was sent must not leave a reader waiting.
    signal.addEventListener("abort", () => giveUp(signal.reason), { once: true });
    const writable = new WritableStream<Uint8Array>({
      write: (piece) => void pieces.push(piece),
      close: () => answer(this.#post(concat(...pieces), signal)),
      abort: (reason) => reset.abort(reason),
    });
    const readable = new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        const { value, done } = await (await answered).read();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reset.abort(reason),
    }, { highWaterMark: 0 });
    return { readable, writable };
  }

  async #post(body: Uint8Array<ArrayBuffer>, signal: AbortSignal): Promise<ReadableStreamDefaultReader<Uint8Array>> {
    let response: Response;
    try {
      response = await this.#fetch(this.#url, { method: "POST", body, signal, cache: "no-store", headers: { "content-type": "application/octet-stream" } });
    } catch (error) {
      // The call was given up by its caller, or the network is gone.
      if (!signal.aborted) this.#finish("the network is gone");
      throw new TransportError(`HTTPS: ${(error as Error).message}`, { cause: error });
    }
    if (response.ok && response.body) return response.body.getReader();
    await response.body?.cancel();
    if (lostStatuses.has(response.status)) this.#finish(`HTTP ${response.status}`);
    throw new TransportError(`HTTPS: HTTP ${response.status}`);
  }
}
