/** The gateway's pool of connections to the core. It replaces lost connections. */
import { encodeClientAddress } from "../schema/gateway_admission.ts";
import { Pulse } from "../schema/pulse.ts";
import { staggered } from "../schema/staggered.ts";
import type { Log } from "../server-common/log.ts";
import type { Metrics } from "./metrics.ts";
import { slimReadable } from "./http3/stream_source.ts";
import { every } from "../server-common/shared_interval.ts";
import {
  AdmissionError,
  connectToCore,
  type CoreAddress,
  type CoreTrust,
  makeClientEndpoint,
} from "./upstream_connection.ts";

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
  /** connections to keep open; 2 to 4 carry any load that one process can splice. There are more while calls wait */
  connections: number;
  /** calls that a connection takes; default 1,024 */
  callsPerConnection?: number;
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

interface CoreConnection {
  conn: Deno.QuicConn;
  pulse: Pulse;
  /** Why this gateway has ended it. */
  verdict?: string;
  calls: number;
  /** It gets no more calls, and is closed after its last one: others have room for them. */
  isRetiring: boolean;
}

/**
 * Calls on one connection. The core allows 1,792 streams (server-core/listener.ts), and gives credit back in batches of
 * an eighth.
 */
const callsPerConnection = 1_024;
/** So many times `connections` may be open while calls need them. */
export const busyFactor = 4;
/** There is one connection more when so much of their room is taken, and one less when it is enough without it. */
const busyShare = 0.5;
const idleShare = 0.25;
const notNeeded = "not needed";

/** A datagram asks the core this often whether it is alive, in ms. */
const beatMs = 250;
/** No answer for this long: three beats. Calls take other connections then, or wait. In ms. */
const silentAfterMs = 750;
/** Between attempts to connect that fail, and after a connection that ended at once, in ms. */
const firstBackoffMs = 100;
/** A connection that lived so long, in ms, is no failure. */
const settledMs = 1_000;
/**
 * A new attempt begins beside one that hangs, first after this time, then later and later, in ms. QUIC repeats the
 * packets of an old attempt only seconds apart, and a restarted core answers a new attempt at once.
 */
const firstAttemptMs = 100;
const longestAttemptMs = 500;
/** How many attempts run at once. */
const attemptsAtOnce = 8;

/** Keeps connections to the core open and spreads calls over them. */
export class UpstreamPool {
  readonly #options: UpstreamPoolOptions;
  readonly #endpoint: Deno.QuicEndpoint;
  readonly #connections = new Set<CoreConnection>();
  readonly #stop = new AbortController();
  #changed = Promise.withResolvers<void>();
  #backoffMs = 0;
  /** connections that are wanted now */
  #wanted: number;

  /** Starts to connect at once, and again whenever a connection is lost or silent, until {@link close}. */
  constructor(options: UpstreamPoolOptions) {
    this.#options = options;
    this.#wanted = options.connections;
    this.#endpoint = makeClientEndpoint(options.core.hostname);
    void this.#keepFull();
  }

  /** The number of connections that can take a call now: the core answers on them. */
  get readyConnections(): number {
    return this.#answering().length;
  }

  /**
   * How many calls there is room for now. A connection that is silent for a moment keeps its calls; and while the core
   * is away, as many may wait as it takes at first.
   */
  get places(): number {
    return Math.max(this.#connections.size, this.#options.connections) * this.#callsPerConnection;
  }

  /** Resolves when at least one connection is ready. */
  async whenReady(): Promise<void> {
    while (this.readyConnections === 0) await this.#changed.promise;
  }

  /**
   * Opens a stream on the least busy connection and writes the client's address to it.
   *
   * @throws CoreUnavailableError when no connection gives a stream within `openTimeoutMs`, or an eighth more
   */
  async open(client: Deno.NetAddr): Promise<UpstreamStream> {
    const deadline = Promise.withResolvers<undefined>();
    const { openTimeoutMs = 2_000 } = this.#options;
    const untilMs = performance.now() + openTimeoutMs;
    const stop = every(openTimeoutMs / 8, () => performance.now() >= untilMs && deadline.resolve(undefined));
    let isLate = false;
    const opening = this.#openOnce(client);
    opening.then((stream) => isLate && abandon(stream)).catch(() => {});
    try {
      const stream = await Promise.race([opening, deadline.promise]);
      if (stream) return stream;
    } catch {
      // The connection was lost while the stream was opened.
    } finally {
      stop();
    }
    isLate = true;
    throw new CoreUnavailableError();
  }

  /** Closes every connection; calls on them end. */
  close(): void {
    this.#stop.abort();
    this.#change();
    for (const { conn } of this.#connections) closeQuietly(conn, "gateway shutdown");
    this.#endpoint.close({ closeCode: 0, reason: "gateway shutdown" });
  }

  async #openOnce(client: Deno.NetAddr): Promise<UpstreamStream> {
    await this.whenReady();
    const answering = this.#answering().sort((a, b) => a.calls - b.calls);
    const connection = answering.find(({ isRetiring }) => !isRetiring) ?? answering[0];
    connection.calls++;
    this.#adjust();
    let isReleased = false;
    const release = () => {
      if (isReleased) return;
      isReleased = true;
      connection.calls--;
      this.#adjust();
    };
    try {
      const stream = await connection.conn.createBidirectionalStream({ waitUntilAvailable: true });
      const writer = stream.writable.getWriter();
      await writer.write(encodeClientAddress({ address: client.hostname, port: client.port }));
      writer.releaseLock();
      return { readable: slimReadable(stream.readable), writable: stream.writable, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  #answering(): CoreConnection[] {
    return [...this.#connections].filter(({ pulse }) => !pulse.isSilent);
  }

  get #callsPerConnection(): number {
    return this.#options.callsPerConnection ?? callsPerConnection;
  }

  /** More connections while calls fill those that there are, and fewer again when they do not. */
  #adjust(): void {
    const { connections } = this.#options;
    const answering = this.#answering();
    const calls = answering.reduce((sum, connection) => sum + connection.calls, 0);
    const enough = (share: number) => Math.ceil(calls / (share * this.#callsPerConnection));
    const before = this.#wanted;
    this.#wanted = Math.max(this.#wanted, Math.min(enough(busyShare), busyFactor * connections));
    this.#wanted = Math.max(connections, Math.min(this.#wanted, enough(idleShare)));
    const retired = answering.sort((a, b) => b.calls - a.calls).slice(this.#wanted);
    for (const connection of answering) connection.isRetiring = retired.includes(connection);
    for (const connection of retired.filter(({ calls }) => calls === 0)) {
      connection.verdict = notNeeded;
      closeQuietly(connection.conn, notNeeded);
    }
    if (this.#wanted > before) this.#change();
  }

  #change(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** One connection after the other: however many are missing, the core gets the attempts of one. */
  async #keepFull(): Promise<void> {
    const { metrics, log } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      if (this.readyConnections >= this.#wanted) {
        await this.#changed.promise;
        continue;
      }
      try {
        await pause(this.#backoffMs * (0.5 + Math.random()), signal);
        if (signal.aborted) return;
        const { conn, tookMs } = await this.#connect(signal);
        this.#admitted(conn, tookMs);
      } catch (error) {
        if (signal.aborted) return;
        this.#failed();
        metrics.add("qpq_gateway_upstream_connect_failures_total");
        log[error instanceof AdmissionError ? "error" : "warn"]("core-unreachable", {
          error: String(error),
          retryMs: this.#backoffMs,
        });
      }
    }
  }

  #failed(): void {
    this.#backoffMs = Math.min(Math.max(2 * this.#backoffMs, firstBackoffMs), this.#options.maxBackoffMs ?? 500);
  }

  #connect(signal: AbortSignal): Promise<{ conn: Deno.QuicConn; tookMs: number }> {
    const { core, trust, secret, silenceMs } = this.#options;
    return staggered({
      attempt: async () => {
        const startedMs = performance.now();
        const conn = await connectToCore(this.#endpoint, core, trust, secret, silenceMs);
        return { conn, tookMs: performance.now() - startedMs };
      },
      discard: ({ conn }) => closeQuietly(conn, notNeeded),
      everyMs: (begun) => Math.min(firstAttemptMs * 1.6 ** (begun - 1), longestAttemptMs) * (0.75 + Math.random() / 2),
      atOnce: attemptsAtOnce,
      after: (delayMs, run) => {
        const timer = setTimeout(run, delayMs);
        return () => clearTimeout(timer);
      },
      signal,
    });
  }

  /** @param tookMs how long its handshake took */
  #admitted(conn: Deno.QuicConn, tookMs: number): void {
    const { metrics, log } = this.#options;
    if (this.#stop.signal.aborted) return closeQuietly(conn, "gateway shutdown");
    // A core that was silent meanwhile answers again.
    if (this.readyConnections >= this.#wanted) return closeQuietly(conn, notNeeded);
    const silent = [...this.#connections].filter(({ pulse }) => pulse.isSilent);
    const connection: CoreConnection = {
      conn,
      calls: 0,
      isRetiring: false,
      pulse: new Pulse(conn, { beatMs, silentAfterMs, changed: () => this.#pulseChanged(connection) }),
    };
    this.#connections.add(connection);
    metrics.add("qpq_gateway_upstream_connects_total");
    metrics.add("qpq_gateway_upstream_connections");
    log.info("core-connected", { ready: this.readyConnections });
    this.#change();
    void this.#untilLost(connection);
    for (const old of silent) void this.#judge(old, tookMs);
  }

  /** The core answers anew: a connection that stays silent belongs to a core that is gone. Its calls end. */
  async #judge(old: CoreConnection, handshakeMs: number): Promise<void> {
    if (!await old.pulse.staysSilent(handshakeMs)) return;
    old.verdict = "silent while the core answers anew";
    closeQuietly(old.conn, old.verdict);
  }

  #pulseChanged({ pulse: { isSilent } }: CoreConnection): void {
    const { metrics, log } = this.#options;
    metrics.add("qpq_gateway_upstream_connections", isSilent ? -1 : 1);
    if (isSilent) metrics.add("qpq_gateway_upstream_silent_total");
    log[isSilent ? "warn" : "info"](isSilent ? "core-silent" : "core-answers-again", { ready: this.readyConnections });
    this.#change();
  }

  async #untilLost(connection: CoreConnection): Promise<void> {
    const { metrics, log } = this.#options;
    const { conn, pulse } = connection;
    const sinceMs = performance.now();
    const told = await conn.closed.then((info) => info.reason, (error) => String(error));
    pulse.stop();
    this.#connections.delete(connection);
    if (!pulse.isSilent) metrics.add("qpq_gateway_upstream_connections", -1);
    const isMeant = connection.verdict === notNeeded || this.#stop.signal.aborted;
    if (!isMeant && performance.now() - sinceMs < settledMs) this.#failed();
    else this.#backoffMs = 0;
    this.#change();
    if (!isMeant) {
      log.warn("core-connection-lost", { reason: connection.verdict ?? told, ready: this.readyConnections });
    }
  }
}

/** Gives up a stream on which nothing was sent but the client's address. */
export function abandon(stream: UpstreamStream): void {
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
