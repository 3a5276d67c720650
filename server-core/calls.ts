/** What happens to a call between its stream and its handler: who calls, draining, counting. */

import { toHex } from "../schema/bytes.ts";
import type { ByteStream } from "../schema/rpc/byte_stream.ts";
import { codeName, ErrorCode, WireError } from "../schema/rpc/errors.ts";
import type { CallAuth } from "../schema/rpc/messages.ts";
import { delivery, type Method } from "../schema/rpc/methods.ts";
import { type Handlers, serveCall } from "../schema/rpc/server.ts";
import type { Caller } from "./caller.ts";
import type { Origin } from "./listener.ts";
import { errorFields, type Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";

export interface CallsOptions {
  handlers: Handlers<Caller>;
  /** Finds out who calls; rejects with WireError. */
  authorize(method: Method, auth: CallAuth, remoteAddress: string): Promise<Caller>;
  log: Log;
  metrics: Metrics;
  /** A caller must send its Call, and then each Chunk, within this many ms. */
  readTimeoutMs?: number;
}

export class Calls {
  readonly #options: CallsOptions;
  #draining = false;

  constructor(options: CallsOptions) {
    this.#options = options;
  }

  /** Whether new calls are turned away. */
  get draining(): boolean {
    return this.#draining;
  }

  /** From now on every new call but `health` is E040. */
  drain(): void {
    this.#draining = true;
  }

  /** Serves the call of one stream. Never rejects. */
  serve(stream: ByteStream, { remoteAddress, signal, callRead }: Origin): Promise<void> {
    const { handlers, readTimeoutMs } = this.#options;
    return serveCall<Caller>(stream, {
      handlers,
      authorize: async (method, auth) => {
        const caller = await this.#authorize(method, auth, remoteAddress);
        callRead();
        return caller;
      },
      readTimeoutMs,
      signal,
      onFinished: (method, code, tookMs, error) => this.#finished(method, code, tookMs, error),
    });
  }

  #authorize(method: Method, auth: CallAuth, remoteAddress: string): Promise<Caller> {
    if (this.#draining && method.name !== delivery.health.name) return Promise.reject(new WireError(ErrorCode.draining, "the server is shutting down: reconnect"));
    return this.#options.authorize(method, auth, remoteAddress);
  }

  #finished(method: Method | undefined, code: number, tookMs: number, error?: unknown): void {
    const { log, metrics } = this.#options;
    const labels = { method: method?.name ?? "unknown", code: code === 0 ? "ok" : codeName(code) };
    metrics.count("qpq_calls_total", "finished calls by method and code", labels);
    metrics.observe("qpq_call_seconds", "time from the first byte of a call to its end", tookMs / 1000, { method: labels.method });
    if (error !== undefined) log.error("call failed", { id: toHex(crypto.getRandomValues(new Uint8Array(4))), method: labels.method, ...errorFields(error) });
    else log.debug("call", { ...labels, tookMs: Math.round(tookMs) });
  }
}
