/**
 * Passes each call from its stream to its handler: authorisation, limits, draining, metrics. It knows no
 * method by name.
 */

import { toHex } from "../schema/bytes.ts";
import type { ByteStream } from "../schema/rpc/byte_stream.ts";
import { codeName, ErrorCode, WireError } from "../schema/rpc/errors.ts";
import type { CallAuth } from "../schema/rpc/calls_and_returns.ts";
import { authentication, delivery, type Method } from "../schema/rpc/methods.ts";
import { type FinishedCall, type Handlers, serveCall } from "../schema/rpc/server.ts";
import type { CallLimits } from "./call_limits.ts";
import type { Caller } from "./caller.ts";
import type { Origin } from "./connection.ts";
import { errorFields, type Log } from "../server-common/log.ts";
import type { Metrics } from "./metrics.ts";

export interface CallsOptions {
  handlers: Handlers<Caller>;
  /** Identifies the caller; rejects with WireError. */
  authorize(method: Method, auth: CallAuth, remoteAddress: string): Promise<Caller>;
  limits: CallLimits;
  /** Judges a call by the disk; throws WireError E032 where it would store more than may be. */
  room?(method: Method): void;
  log: Log;
  metrics: Metrics;
  /** The caller must send its Call, and then each Chunk, within this many ms. */
  readTimeoutMs?: number;
}

/** Advice to a caller while the core shuts down: a restart takes about this long. */
const drainingMs = 1_000;

const callsTotal = ["qpq_calls_total", "finished calls by method and code"] as const;

/** Serves every call of the core. */
export class Calls {
  readonly #options: CallsOptions;
  #draining = false;

  constructor(options: CallsOptions) {
    this.#options = options;
    // An alert asks for an increase, and Prometheus sees none where a counter begins with its first event.
    for (const { name: method } of [...Object.values(authentication), ...Object.values(delivery)]) {
      options.metrics.count(...callsTotal, { method, code: codeName(ErrorCode.internal) }, 0);
    }
  }

  /** Whether new calls are refused. */
  get draining(): boolean {
    return this.#draining;
  }

  /** Answers every new call but `health` with E040 from now on. */
  drain(): void {
    this.#draining = true;
  }

  /** Serves the call of one stream. Never rejects. */
  serve(stream: ByteStream, { remoteAddress, signal, reading, callRead, heldMs }: Origin): Promise<void> {
    const { handlers, readTimeoutMs } = this.#options;
    const id = toHex(crypto.getRandomValues(new Uint8Array(8)));
    return serveCall<Caller>(stream, {
      id,
      handlers,
      authorize: (method, auth) => {
        callRead();
        return this.#authorize(method, auth, remoteAddress);
      },
      readTimeoutMs,
      heldMs,
      signal,
      reading,
      onFinished: (call) => this.#finished(id, call),
    });
  }

  async #authorize(method: Method, auth: CallAuth, remoteAddress: string): Promise<Caller> {
    const { limits, authorize, room } = this.#options;
    if (this.#draining && method.name !== delivery.health.name) {
      throw new WireError(ErrorCode.draining, "the server is shutting down: reconnect", drainingMs);
    }
    limits.address(remoteAddress);
    const caller = await authorize(method, auth, remoteAddress);
    if (caller.accountKey) limits.account(caller.accountKey);
    room?.(method);
    return caller;
  }

  #finished(id: string, { method, code, isGone, tookMs, bytesIn, bytesOut, error }: FinishedCall): void {
    const { log, metrics } = this.#options;
    const labels = { method: method?.name ?? "unknown", code: code !== 0 ? codeName(code) : isGone ? "gone" : "ok" };
    metrics.count(...callsTotal, labels);
    metrics.observe("qpq_call_seconds", "time from the first byte of a call to its end", tookMs / 1000, {
      method: labels.method,
    });
    metrics.count("qpq_received_bytes_total", "bytes of calls", {}, bytesIn);
    metrics.count("qpq_sent_bytes_total", "bytes of answers", {}, bytesOut);
    if (error !== undefined) log.error("call failed", { id, method: labels.method, ...errorFields(error) });
    else log.debug("call", { id, ...labels, tookMs: Math.round(tookMs) });
  }
}
