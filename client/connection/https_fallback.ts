/**
 * Calls over plain HTTPS, for browsers and networks without WebTransport: `POST /rpc`, body = the call's
 * bytes, streamed response = the Return bytes.
 *
 * A body is collected until the call's writer closes. A body that grows beyond {@link streamFromBytes}
 * (`commit`, `putBlob`) is streamed where the browser can: Chromium over HTTP/2, which needs HTTPS.
 */

import { type Bytes, concat } from "../../schema/bytes.ts";
import type { ByteStream } from "../../schema/rpc/byte_stream.ts";
import { ErrorCode, TransportError, WireError } from "../../schema/rpc/errors.ts";
import { StreamLimit } from "./stream_limit.ts";
import type { Connection } from "./transport.ts";

/**
 * Statuses of a gateway that has lost the core or is stopping. A new connection may reach another gateway.
 */
const lostStatuses = new Set([502, 503, 504]);

type CallBody = Bytes | ReadableStream<Bytes>;

/** Smaller bodies are sent whole: a request of known length is cheaper and works everywhere. */
const streamFromBytes = 128 * 1024;

/**
 * @returns whether this runtime can stream a request body. A runtime that can not turns the stream into text,
 *   with a content type
 */
function canStreamRequests(): boolean {
  let asked = false;
  const init = {
    method: "POST",
    body: new ReadableStream(),
    get duplex() {
      asked = true;
      return "half";
    },
  };
  try {
    return !new Request("https://localhost/", init as RequestInit).headers.has("content-type") && asked;
  } catch {
    return false;
  }
}

/**
 * Over HTTP/1.1 a browser has six connections to an origin, and `subscribe` holds one of them permanently.
 * Further requests wait in the browser. So this limit is for HTTP/2, whose servers commonly allow 100
 * streams.
 */
const maxRequests = 50;

/** A connection whose streams are requests to `/rpc`, one call each. */
export class HttpsConnection implements Connection {
  readonly transport = "HTTPS";
  readonly closed: Promise<{ reason: string }>;
  readonly #url: URL;
  readonly #fetch: typeof fetch;
  readonly #limit = new StreamLimit(maxRequests);
  readonly #over = new AbortController();
  #canStream: boolean;
  #end: (end: { reason: string }) => void = () => {};

  /**
   * @param url of the gateway's rpc path
   * @param canStream whether large bodies may be streamed; a failed stream turns this off
   */
  constructor(
    url: URL,
    fetcher: typeof fetch = (...args) => fetch(...args),
    canStream: boolean = url.protocol === "https:" && canStreamRequests(),
  ) {
    this.#url = url;
    this.#fetch = fetcher;
    this.#canStream = canStream;
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
    let collectedBytes = 0;
    let streamed: WritableStreamDefaultWriter<Uint8Array> | undefined;
    const { promise: answered, resolve: answer, reject: giveUp } = Promise.withResolvers<
      ReadableStreamDefaultReader<Uint8Array>
    >();
    answered.catch(() => {});
    // A reader must not wait for a stream that ends before its call was sent.
    signal.addEventListener("abort", () => giveUp(signal.reason), { once: true });
    const post = (body: CallBody) => {
      const posted = this.#post(body, signal);
      // The answer of a cancelled call has no reader.
      posted.catch(() => {});
      answer(posted);
    };
    const writable = new WritableStream<Uint8Array>({
      write: async (piece) => {
        if (streamed) return await streamed.write(piece);
        pieces.push(piece);
        collectedBytes += piece.length;
        if (!this.#canStream || collectedBytes < streamFromBytes) return;
        const body = new TransformStream<Uint8Array, Uint8Array>();
        streamed = body.writable.getWriter();
        post(body.readable as ReadableStream<Bytes>);
        await streamed.write(concat(...pieces.splice(0)));
      },
      close: async () => {
        if (streamed) await streamed.close();
        else post(concat(...pieces));
      },
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

  async #post(body: CallBody, signal: AbortSignal): Promise<ReadableStreamDefaultReader<Uint8Array>> {
    const isStream = body instanceof ReadableStream;
    let response: Response;
    try {
      const init = {
        method: "POST",
        body,
        signal,
        cache: "no-store",
        headers: { "content-type": "application/octet-stream" },
        ...(isStream && { duplex: "half" }),
      };
      response = await this.#fetch(this.#url, init as RequestInit);
    } catch (error) {
      // The caller cancelled the call, a proxy speaks HTTP/1.1 only, or the network is gone.
      if (isStream) this.#canStream = false;
      else if (!signal.aborted) this.#finish("the network is gone");
      throw new TransportError(`HTTPS: ${(error as Error).message}`, { cause: error });
    }
    if (response.ok && response.body) return response.body.getReader();
    await response.body?.cancel();
    if (response.status === 429) {
      throw new WireError(ErrorCode.rateLimited, "too many calls", retryAfterMs(response.headers.get("retry-after")));
    }
    if (response.status === 413) {
      throw new WireError(ErrorCode.payloadTooLarge, "the call is too large for the gateway");
    }
    if (lostStatuses.has(response.status)) this.#finish(`HTTP ${response.status}`);
    throw new TransportError(`HTTPS: HTTP ${response.status}`);
  }
}

/** @param value of a Retry-After header in seconds; without a number the shortest wait is returned */
function retryAfterMs(value: string | null): number {
  return /^\d{1,5}$/.test(value ?? "") ? Math.max(1, Number(value)) * 1000 : 1000;
}
