/** The gateway's pool of connections to the core. It replaces lost connections. */
import { encodeClientAddress } from "../schema/gateway_admission.ts";
import { staggered } from "../schema/staggered.ts";
import type { Log } from "../server-common/log.ts";
import type { Metrics } from "./metrics.ts";
import { AdmissionError, connectToCore, type CoreAddress, type CoreTrust } from "./upstream_connection.ts";

/** A stream to the core for one call. */
export interface UpstreamStream {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  /** Frees the call's place in the pool. To be called once. */
  release(): void;
}

export interface UpstreamPoolOptions {
  core: CoreAddress;
  trust: CoreTrust;
  secret: Uint8Array<ArrayBuffer>;
  /** connections to keep open; 2 to 4 carry any load that one process can splice */
  connections: number;
  metrics: Metrics;
  log: Log;
  /** ms for which {@link UpstreamPool.open} waits for the core; default 2,000 */
  openTimeoutMs?: number;
  /** ms of the longest pause between attempts to connect; default 500 */
  maxBackoffMs?: number;
  /** ms of silence after which a connection counts as lost */
  silenceMs: number;
}

/** The core can not take a call now. */
export class CoreUnavailableError extends Error {
  constructor() {
    super("the core is not reachable");
    this.name = "CoreUnavailableError";
  }
}

interface ReadyConnection {
  conn: Deno.QuicConn;
  calls: number;
}

const firstBackoffMs = 100;
/**
 * A new attempt begins this often beside one that hangs. QUIC repeats the packets of an old attempt only
 * seconds apart, and a restarted core answers a new attempt at once.
 */
const attemptEveryMs = 500;
/** How many attempts run at once for each connection of the pool. */
const attemptsAtOnce = 4;

/** Keeps connections to the core open and spreads calls over them. */
export class UpstreamPool {
  readonly #options: UpstreamPoolOptions;
  readonly #endpoint: Deno.QuicEndpoint;
  readonly #ready = new Set<ReadyConnection>();
  readonly #stop = new AbortController();
  #awaitingReady = Promise.withResolvers<void>();

  /** Starts to connect at once, and again whenever a connection is lost, until {@link close}. */
  constructor(options: UpstreamPoolOptions) {
    this.#options = options;
    this.#endpoint = makeClientEndpoint(options.core.hostname);
    for (let index = 0; index < options.connections; index++) this.#keepConnected();
  }

  /** The number of connections that can take a call now. */
  get readyConnections(): number {
    return this.#ready.size;
  }

  /** Resolves when at least one connection is ready. */
  async whenReady(): Promise<void> {
    while (this.#ready.size === 0) await this.#awaitingReady.promise;
  }

  /**
   * Opens a stream on the least busy connection and writes the client's address to it.
   *
   * @throws CoreUnavailableError when no connection gives a stream within `openTimeoutMs`
   */
  async open(client: Deno.NetAddr): Promise<UpstreamStream> {
    const deadline = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => deadline.resolve(undefined), this.#options.openTimeoutMs ?? 2_000);
    let isLate = false;
    const opening = this.#openOnce(client);
    opening.then((stream) => isLate && abandon(stream)).catch(() => {});
    try {
      const stream = await Promise.race([opening, deadline.promise]);
      if (stream) return stream;
    } catch {
      // The connection was lost while the stream was opened.
    } finally {
      clearTimeout(timer);
    }
    isLate = true;
    throw new CoreUnavailableError();
  }

  /** Closes every connection; calls on them end. */
  close(): void {
    this.#stop.abort();
    for (const { conn } of this.#ready) closeQuietly(conn, "gateway shutdown");
    this.#endpoint.close({ closeCode: 0, reason: "gateway shutdown" });
  }

  async #openOnce(client: Deno.NetAddr): Promise<UpstreamStream> {
    await this.whenReady();
    const [connection] = [...this.#ready].sort((a, b) => a.calls - b.calls);
    connection.calls++;
    let isReleased = false;
    const release = () => {
      if (!isReleased) connection.calls--;
      isReleased = true;
    };
    try {
      const stream = await connection.conn.createBidirectionalStream({ waitUntilAvailable: true });
      const writer = stream.writable.getWriter();
      await writer.write(encodeClientAddress({ address: client.hostname, port: client.port }));
      writer.releaseLock();
      return { readable: stream.readable, writable: stream.writable, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  async #keepConnected(): Promise<void> {
    const { core, trust, secret, metrics, log } = this.#options;
    const maxBackoffMs = this.#options.maxBackoffMs ?? 500;
    for (let backoffMs = firstBackoffMs; !this.#stop.signal.aborted;) {
      try {
        const conn = await staggered({
          attempt: () => connectToCore(this.#endpoint, core, trust, secret, this.#options.silenceMs),
          discard: (unused) => closeQuietly(unused, "not needed"),
          everyMs: attemptEveryMs,
          atOnce: attemptsAtOnce,
          after: (delayMs, run) => {
            const timer = setTimeout(run, delayMs);
            return () => clearTimeout(timer);
          },
          signal: this.#stop.signal,
        });
        backoffMs = firstBackoffMs;
        await this.#serve(conn);
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        metrics.add("qpq_gateway_upstream_connect_failures_total");
        log[error instanceof AdmissionError ? "error" : "warn"]("core-unreachable", {
          error: String(error),
          retryMs: backoffMs,
        });
      }
      await pause(backoffMs * (0.5 + Math.random()), this.#stop.signal);
      backoffMs = Math.min(2 * backoffMs, maxBackoffMs);
    }
  }

  async #serve(conn: Deno.QuicConn): Promise<void> {
    const { metrics, log } = this.#options;
    if (this.#stop.signal.aborted) return closeQuietly(conn, "gateway shutdown");
    const connection: ReadyConnection = { conn, calls: 0 };
    this.#ready.add(connection);
    this.#awaitingReady.resolve();
    metrics.add("qpq_gateway_upstream_connects_total");
    metrics.add("qpq_gateway_upstream_connections");
    log.info("core-connected", { ready: this.#ready.size });
    const reason = await conn.closed.then((info) => info.reason, (error) => String(error));
    this.#ready.delete(connection);
    metrics.add("qpq_gateway_upstream_connections", -1);
    if (this.#ready.size === 0) this.#awaitingReady = Promise.withResolvers();
    if (!this.#stop.signal.aborted) log.warn("core-connection-lost", { reason, ready: this.#ready.size });
  }
}

/**
 * A dual-stack socket, so that a host name may resolve to either family. It is an IPv4 socket where IPv6 is
 * off or the core has an IPv4 address.
 */
function makeClientEndpoint(hostname: string): Deno.QuicEndpoint {
  if (/^[\d.]+$/.test(hostname)) return new Deno.QuicEndpoint({ hostname: "0.0.0.0", port: 0 });
  try {
    return new Deno.QuicEndpoint({ hostname: "::", port: 0 });
  } catch {
    return new Deno.QuicEndpoint({ hostname: "0.0.0.0", port: 0 });
  }
}

function abandon(stream: UpstreamStream): void {
  stream.release();
  stream.readable.cancel().catch(() => {});
  stream.writable.abort().catch(() => {});
}

function closeQuietly(conn: Deno.QuicConn, reason: string): void {
  try {
    conn.close({ closeCode: 0, reason });
  } catch {
    // Closed already.
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", finish);
      resolve();
    };
    const timer = setTimeout(finish, milliseconds);
    signal.addEventListener("abort", finish);
  });
}
