/**
 * The core's QUIC side: accepts connections and hands each stream to `serve`. No peer can end the process
 * (architecture §5).
 */

import { Semaphore } from "async-mutex";
import type { ByteStream } from "../schema/rpc/byte_stream.ts";
import { ErrorCode, WireError } from "../schema/rpc/errors.ts";
import { encodeError } from "../schema/rpc/calls_and_returns.ts";
import { AdmissionError, type AdmissionOptions, readFirstStream, takeClientAddress } from "./admission.ts";
import type { CoreCertificate } from "./certificate.ts";
import { echoDatagrams } from "../server-common/echo_datagrams.ts";
import { errorFields, type Log } from "../server-common/log.ts";
import type { Metrics } from "./metrics.ts";
import { slimReadable } from "./slim_readable.ts";

/** How many handshakes may be in progress. quinn ends a handshake only by its idle timeout. */
const maxPendingHandshakes = 512;
const keepAliveMs = 15_000;
const idleTimeoutMs = 30_000;
/**
 * Well above the number that clients use at once; a gateway spreads its calls over several connections. quinn
 * reserves memory for every stream that a peer may open: its tables for 4,096 are four times as large
 * (docs/benchmarks.md: idle connections, and "What was tried").
 */
export const maxStreamsPerConnection = 1792;

/**
 * Calls of one direct client that are read at once; further calls wait. A half-sent call holds memory until
 * its timeout, and its caller is not known yet. Gateways limit their clients themselves.
 */
const maxReadingPerClient = 128;

/** The origin of a call. */
export interface Origin {
  /** An IP literal: the peer's, or the browser's behind a gateway. */
  remoteAddress: string;
  /** Aborts when the connection is lost. A stream alone shows that only at its next write. */
  signal: AbortSignal;
  /** To be called once the whole call is read and its caller is identified. */
  callRead(): void;
}

export interface ListenerOptions {
  hostname: string;
  /** 0: any free one. */
  port: number;
  certificate: CoreCertificate;
  admission: AdmissionOptions;
  /** Connections at once; more are refused. */
  maxConnections: number;
  /** @returns 0, or how many ms a direct client's next stream must wait before it asks again */
  pace(remoteAddress: string): number;
  /** Serves one call. Never rejects. */
  serve(stream: ByteStream, from: Origin): Promise<void>;
  log: Log;
  metrics: Metrics;
}

/**
 * The core's QUIC endpoint. It accepts connections, tells gateways from clients, and serves each stream as a
 * call.
 */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #endpoint: Deno.QuicEndpoint;
  // Referenced for the life of the process: Deno disables the endpoint of a listener that is garbage
  // collected.
  readonly #listener: Deno.QuicListener;
  readonly #connections = new Set<Deno.QuicConn>();
  readonly #calls = new Set<Promise<void>>();
  #pending = 0;
  #stopped = false;

  /** Binds the port and starts to accept. */
  constructor(options: ListenerOptions) {
    const { hostname, port, certificate, metrics } = options;
    this.#options = options;
    this.#endpoint = new Deno.QuicEndpoint({ hostname, port });
    this.#listener = this.#endpoint.listen({
      cert: certificate.certificatePem,
      key: certificate.privateKeyPem,
      alpnProtocols: ["capnp"],
      maxConcurrentBidirectionalStreams: maxStreamsPerConnection,
      maxConcurrentUnidirectionalStreams: 0,
      keepAliveInterval: keepAliveMs,
      maxIdleTimeout: idleTimeoutMs,
    });
    metrics.gauge("qpq_connections", "open QUIC connections", () => this.#connections.size);
    metrics.gauge("qpq_calls_in_flight", "calls being served", () => this.#calls.size);
    void this.#acceptConnections();
  }

  /** The address on which the core listens. */
  get address(): { hostname: string; port: number } {
    const { hostname, port } = this.#endpoint.addr;
    return { hostname, port };
  }

  /** Refuses new connections from now on. Open connections stay. */
  stopAccepting(): void {
    this.#stopped = true;
  }

  /** @returns true when no call is in flight any more, false if there still is one after `timeoutMs` */
  async idle(timeoutMs: number): Promise<boolean> {
    const deadlineMs = performance.now() + timeoutMs;
    while (this.#calls.size > 0 && performance.now() < deadlineMs) await pause(10);
    return this.#calls.size === 0;
  }

  /** Closes all connections with this reason, and the port. */
  close(info: Deno.QuicCloseInfo): void {
    this.#stopped = true;
    this.#endpoint.close(info);
  }

  async #acceptConnections(): Promise<void> {
    while (true) {
      let incoming: Deno.QuicIncoming;
      try {
        incoming = await this.#listener.incoming();
      } catch (error) {
        if (!this.#stopped) this.#options.log.error("listener ended", errorFields(error));
        return;
      }
      if (
        this.#stopped || this.#pending >= maxPendingHandshakes || this.#connections.size >= this.#options.maxConnections
      ) {
        this.#options.metrics.count(
          "qpq_connections_refused_total",
          "connections refused because of a cap or draining",
        );
        incoming.refuse();
      } else {
        void this.#acceptOne(incoming);
      }
    }
  }

  async #acceptOne(incoming: Deno.QuicIncoming): Promise<void> {
    this.#pending++;
    let conn: Deno.QuicConn;
    try {
      conn = await incoming.accept();
    } catch (error) {
      this.#options.metrics.count("qpq_handshakes_failed_total", "connections that failed in their handshake");
      this.#options.log.debug("handshake failed", { error: (error as Error).message });
      return;
    } finally {
      this.#pending--;
    }
    this.#connections.add(conn);
    // Gateways and `qpq` ask so whether the core is alive (specification §4.14).
    echoDatagrams(conn).catch(() => {});
    const gone = new AbortController();
    conn.closed.catch(() => {}).finally(() => {
      this.#connections.delete(conn);
      gone.abort(new Error("the connection is gone"));
    });
    await this.#acceptStreams(conn, {
      remoteAddress: conn.remoteAddr.hostname,
      signal: gone.signal,
      callRead: () => {},
    }).catch((error) => this.#options.log.debug("connection ended", { error: (error as Error).message }));
  }

  async #acceptStreams(conn: Deno.QuicConn, origin: Origin): Promise<void> {
    let kind: Promise<"client" | "gateway"> | undefined;
    let isGateway = false;
    const reading = new Semaphore(maxReadingPerClient);
    for await (const { readable, writable } of conn.incomingBidirectionalStreams) {
      const stream = { readable: slimReadable(readable), writable };
      if (!kind) {
        kind = this.#serveFirst(conn, stream, origin);
        kind.then((found) => isGateway = found === "gateway", () => {});
      } else {
        this.#track(this.#serveNext(kind, stream, origin, reading));
      }
      // A stream that is not accepted gives its sender no credit for more. A gateway paces its clients
      // itself.
      for (
        let waitMs = 0;
        !isGateway && !origin.signal.aborted && (waitMs = this.#options.pace(origin.remoteAddress)) > 0;
      ) await pause(Math.min(waitMs, 1000));
    }
  }

  /**
   * Decides whether a connection is a gateway's or a client's. A client's first stream is already a call and
   * is served.
   */
  async #serveFirst(conn: Deno.QuicConn, stream: ByteStream, origin: Origin): Promise<"client" | "gateway"> {
    try {
      const first = await readFirstStream(stream, this.#options.admission);
      if (first.kind === "client") this.#track(this.#options.serve(first.stream, origin));
      else {
        this.#options.log.info("gateway admitted");
        this.#options.log.debug("gateway admitted from", { remoteAddress: origin.remoteAddress });
      }
      return first.kind;
    } catch (error) {
      if (error instanceof AdmissionError) {
        this.#options.metrics.count(
          "qpq_admissions_refused_total",
          "connections closed because they are no gateway of ours",
        );
        this.#options.log.warn("connection refused", { error: error.message });
        this.#options.log.debug("connection refused from", { remoteAddress: origin.remoteAddress });
      }
      conn.close({ closeCode: 1, reason: "not admitted" });
      throw error;
    }
  }

  async #serveNext(
    kind: Promise<"client" | "gateway">,
    stream: ByteStream,
    origin: Origin,
    reading: Semaphore,
  ): Promise<void> {
    try {
      if (await kind === "client") {
        const [, callRead] = await reading.acquire();
        return await this.#options.serve(stream, { ...origin, callRead }).finally(callRead);
      }
      const { stream: call, remoteAddress } = await takeClientAddress(stream, this.#options.admission.timeoutMs);
      await this.#options.serve(call, { ...origin, remoteAddress });
    } catch {
      // The connection is lost, or the prefix is malformed. Only a malformed prefix can be answered.
      const writer = stream.writable.getWriter();
      await writer.write(encodeError(new WireError(ErrorCode.malformed, "no client address before the call"))).then(
        () => writer.close(),
      ).catch(() => {});
    }
  }

  #track(call: Promise<void>): void {
    this.#calls.add(call);
    void call.finally(() => this.#calls.delete(call));
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
