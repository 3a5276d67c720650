/** A server in memory for unit tests: handlers behind streams in memory. */

import type { ByteStream, OpenStream } from "../../schema/rpc/byte_stream.ts";
import type { CallAuth } from "../../schema/rpc/calls_and_returns.ts";
import type { Method } from "../../schema/rpc/methods.ts";
import { type Handlers, serveCall } from "../../schema/rpc/server.ts";

/** @returns the two ends of one stream in memory */
export function streamPair(): [ByteStream, ByteStream] {
  const there = new TransformStream<Uint8Array, Uint8Array>(undefined, { highWaterMark: 64 }, { highWaterMark: 64 });
  const back = new TransformStream<Uint8Array, Uint8Array>(undefined, { highWaterMark: 64 }, { highWaterMark: 64 });
  return [{ readable: back.readable, writable: there.writable }, { readable: there.readable, writable: back.writable }];
}

/**
 * @param authorize what the handlers know of the caller
 * @param onError told of handlers that failed by a bug
 * @returns an opener whose streams `handlers` serve
 */
export function openingTo<C>(
  handlers: Handlers<C>,
  authorize: (method: Method, auth: CallAuth) => C | Promise<C>,
  onError: (error: unknown) => void = console.error,
): OpenStream {
  return () => {
    const [caller, callee] = streamPair();
    void serveCall(callee, { handlers, authorize, onFinished: ({ error }) => error && onError(error) });
    return Promise.resolve(caller);
  };
}
