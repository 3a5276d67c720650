/** The answering side: reads one call from a stream, checks versions, hands it to its handler, writes the Returns. */

import type { Bytes } from "../bytes.ts";
import { MalformedError } from "../malformed_error.ts";
import { ByteReader, type ByteStream } from "./byte_stream.ts";
import { ErrorCode, WireError } from "./errors.ts";
import { MessageTooLargeError, readMessage } from "./framing.ts";
import {
  authVersion,
  type CallAuth,
  decodeCall,
  decodeChunk,
  encodeEnd,
  encodeError,
  encodeResults,
  wireVersion,
} from "./calls_and_returns.ts";
import { findMethod, hasBody, type Method, type ParamsOf, type ResultsOf } from "./methods.ts";
import { Pace } from "./pace.ts";

/**
 * What a handler knows of a call besides its parameters. `C` is what the service's `authorize` found out
 * about the caller.
 */
export interface CallContext<C> {
  caller: C;
  /** Aborts when the caller resets the stream or the server drains. */
  signal: AbortSignal;
  /**
   * The Chunks after the call, for methods with a streamed body. Throws MalformedError on hostile ones and
   * WireError E014 when the next one is late.
   */
  chunks(): AsyncIterable<Bytes>;
}

type UnaryHandler<M extends Method, C> = (params: ParamsOf<M>, context: CallContext<C>) => Promise<ResultsOf<M>>;
type StreamHandler<M extends Method, C> = (params: ParamsOf<M>, context: CallContext<C>) => AsyncIterable<ResultsOf<M>>;

// deno-lint-ignore no-explicit-any
type AnyHandler<C> = { kind: "unary"; run: UnaryHandler<any, C> } | { kind: "stream"; run: StreamHandler<any, C> };

/** The handlers of a server, by method. */
export class Handlers<C> {
  readonly #byMethod = new Map<Method, AnyHandler<C>>();

  /** Answers `method` with one result. */
  unary<M extends Method>(method: M, run: UnaryHandler<M, C>): this {
    this.#byMethod.set(method, { kind: "unary", run });
    return this;
  }

  /** Answers `method` with the elements that `run` yields, then `end`. */
  stream<M extends Method>(method: M, run: StreamHandler<M, C>): this {
    this.#byMethod.set(method, { kind: "stream", run });
    return this;
  }

  get(method: Method): AnyHandler<C> | undefined {
    return this.#byMethod.get(method);
  }
}

/** How long a caller may send nothing of its call or its body, in ms. */
const patienceMs = 10_000;

/** What became of a call. */
export interface FinishedCall {
  /** undefined: no method of ours was asked for. */
  method: Method | undefined;
  /** 0 for success, and for a caller that went away. */
  code: number;
  /** The caller went away before it had its answer. */
  isGone: boolean;
  tookMs: number;
  /** Bytes that came and went. */
  bytesIn: number;
  bytesOut: number;
  /** What failed; only for E050. */
  error?: unknown;
}

export interface CallServerOptions<C> {
  /** Stands in the answer E050, so that whoever got it can be helped: the server's log has the same id. */
  id?: string;
  handlers: Handlers<C>;
  /** Decides who calls before parameters are read. Throws WireError to refuse. */
  authorize(method: Method, auth: CallAuth): Promise<C> | C;
  /** How long a caller may send nothing of its Call and its Chunks, ms (default {@link patienceMs}): {@link Pace}. */
  readTimeoutMs?: number;
  /** How long what the caller has sent has waited at the server before it could be read, ms. */
  heldMs?(): number;
  /** Told of every finished call. */
  onFinished?(call: FinishedCall): void;
  /** Aborts all calls' signals (draining). */
  signal?: AbortSignal;
  /** Aborts, with the WireError to answer, when the place of a call is needed that is not wholly read. */
  reading?: AbortSignal;
}

/**
 * Serves the one call of a stream. Never rejects.
 *
 * @param stream the stream, from its first byte (a gateway's address prefix already taken off)
 */
export async function serveCall<C>(stream: ByteStream, options: CallServerOptions<C>): Promise<void> {
  const startedMs = performance.now();
  const reader = new ByteReader(stream.readable);
  const pace = new Pace(options.readTimeoutMs ?? patienceMs, () => reader.arrived, options.heldMs);
  const writer = stream.writable.getWriter();
  const aborter = new AbortController();
  const stop = () => aborter.abort(options.signal?.reason);
  if (options.signal?.aborted) stop();
  options.signal?.addEventListener("abort", stop, { once: true });
  // A caller that stops reading, or whose connection is gone, fails our writable first.
  writer.closed.catch((error) => aborter.abort(error));
  let method: Method | undefined;
  let code = 0;
  let cause: unknown;
  let bytesOut = 0;
  let isGone = false;
  const write = async (bytes: Bytes) => {
    try {
      await writer.write(bytes);
      bytesOut += bytes.length;
    } catch (error) {
      isGone = true;
      throw error;
    }
  };
  try {
    const framed = await unlessAborted(pace.wait(readMessage(reader)), options.reading);
    if (!framed) throw new MalformedError("a stream without a call");
    const call = decodeCall(framed);
    method = findMethod(call.interfaceId, call.methodId);
    if (call.auth.version !== authVersion) throw new WireError(ErrorCode.authVersion, "only auth version 1 is served");
    if (call.version !== wireVersion) throw new WireError(ErrorCode.wireVersion, "only wire version 1 is served");
    const handler = method && options.handlers.get(method);
    if (!method || !handler) throw new WireError(ErrorCode.malformed, "unknown method");
    const caller = await options.authorize(method, call.auth);
    const context: CallContext<C> = {
      caller,
      signal: aborter.signal,
      chunks: () => chunksOf(reader, pace),
    };
    const params = call.params(method);
    if (!hasBody(method)) void refuseMore(reader);
    if (handler.kind === "unary") {
      await write(encodeResults(method, await handler.run(params, context) as object));
    } else {
      for await (const element of handler.run(params, context)) await write(encodeResults(method, element as object));
      await write(encodeEnd());
    }
    // A caller that has the whole answer may leave before the stream's end: that is no failure of the call.
    await writer.close().catch(() => {});
  } catch (error) {
    isGone ||= reader.isLost;
    if (!isGone) {
      const answer = answerFor(error, options.id);
      code = answer.code;
      if (code === ErrorCode.internal) cause = error;
      await write(encodeError(answer)).then(() => writer.close()).catch(() => {});
    }
  } finally {
    options.signal?.removeEventListener("abort", stop);
    aborter.abort(new Error("the call is over"));
    await reader.cancel();
    options.onFinished?.({
      method,
      code,
      isGone,
      tookMs: performance.now() - startedMs,
      bytesIn: reader.arrived,
      bytesOut,
      ...(cause !== undefined && { error: cause }),
    });
  }
}

/**
 * Nothing follows a call without a body. What comes all the same is reset: unread bytes would stay in memory as long as
 * the call runs, and a subscription runs for days.
 */
async function refuseMore(reader: ByteReader): Promise<void> {
  if (await reader.exactly(1).catch(() => undefined)) await reader.cancel();
}

/** Gives up waiting for `work` with the signal's reason. */
async function unlessAborted<T>(work: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (!signal) return await work;
  const { promise, reject } = Promise.withResolvers<never>();
  const giveUp = () => reject(signal.reason);
  if (signal.aborted) giveUp();
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

async function* chunksOf(reader: ByteReader, pace: Pace): AsyncGenerator<Bytes> {
  while (true) {
    const framed = await pace.wait(readMessage(reader));
    if (!framed) return;
    yield decodeChunk(framed);
  }
}

/** What a thrown value is to the caller: foreign bytes are E014 (or E011), a WireError is itself, all else is ours. */
function answerFor(error: unknown, id?: string): WireError {
  if (error instanceof WireError) return error;
  if (error instanceof MessageTooLargeError) return new WireError(ErrorCode.payloadTooLarge, error.message);
  if (error instanceof MalformedError) return new WireError(ErrorCode.malformed, error.message);
  return new WireError(ErrorCode.internal, id ? `internal error, ${id} in the server's log` : "internal error");
}
