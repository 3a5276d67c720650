/**
 * Connects a browser to the server by WebTransport, or by HTTPS where WebTransport is missing, blocked or broken.
 *
 * The two race. HTTPS is ready when it has delivered the configuration; WebTransport then has {@link headStartMs}
 * to connect. If WebTransport needs longer, calls use HTTPS and the attempt continues. The outcome is remembered
 * for the network. While the outcome is HTTPS, WebTransport is tried again in the background.
 */

import { TransportError } from "../../schema/rpc/errors.ts";
import { type Clock, pause, systemClock } from "../runtime/clock.ts";
import { FallbackConnection } from "./fallback_connection.ts";
import { fetchGatewayConfig, type GatewayConfig } from "./gateway_config.ts";
import { HttpsConnection } from "./https_fallback.ts";
import { type NetworkMemory, networkName, VolatileNetworkMemory } from "./network_memory.ts";
import type { Connection, Transport } from "./transport.ts";
import { answers, elsewhereMs, type StallOf, WatchedConnection } from "./webtransport/watched_connection.ts";
import { connectWebTransport, type WebTransportClass } from "./webtransport/webtransport.ts";

/** Time for WebTransport to connect once the configuration came; its handshake takes two round trips. */
export const headStartMs = 2_000;
/** A network may drop UDP silently: an attempt that lasts longer than this has failed. */
export const attemptMs = 10_000;
/** First pause between tries in the background; it doubles up to `longestRetryMs`. */
export const firstRetryMs = 5_000;
const longestRetryMs = 10 * 60_000;
/** A network that dropped UDP may stop doing so. */
export const blockedForMs = 60 * 60_000;
/** A browser that stalls does so until it is updated. */
const stalledForMs = 24 * 60 * 60_000;
/**
 * A connection falls silent as well when its gateway was started again, or when packets are lost for a while. Where it
 * is not known which it was, a browser stalls only if it does so twice within this time.
 */
export const stallsAgainMs = 10 * 60_000;

export interface BrowserTransportOptions {
  /** undefined: there is none, only HTTPS is used. */
  WebTransport?: WebTransportClass;
  clock?: Clock;
  memory?: NetworkMemory;
  /** which network the device is in now */
  network?: () => string;
  /** whether a page is visible and there is a network; only then a quiet connection is nudged */
  isLookedAt?: () => boolean;
  fetchConfig?: (signal: AbortSignal) => Promise<GatewayConfig>;
  /** @param rpc path */
  connectHttps?: (rpc: string) => Connection;
}

/** {@link Transport} of a page: WebTransport raced against HTTPS, the network's choice remembered. */
export class BrowserTransport implements Transport {
  readonly #WebTransport: WebTransportClass | undefined;
  readonly #clock: Clock;
  readonly #memory: NetworkMemory;
  readonly #network: () => string;
  readonly #isLookedAt: () => boolean;
  readonly #fetchConfig: (signal: AbortSignal) => Promise<GatewayConfig>;
  readonly #connectHttps: (rpc: string) => Connection;
  /** A WebTransport connection to which a fallback has handed over. */
  #prepared: Connection | undefined;
  /** When a connection fell silent last, for a reason that is not known. */
  #silentMs = -Infinity;

  /** @param origin of the gateway: the page's own, "https://host:port" */
  constructor(
    origin: string,
    options: BrowserTransportOptions = {
      WebTransport: (globalThis as { WebTransport?: WebTransportClass }).WebTransport,
    },
  ) {
    this.#WebTransport = options.WebTransport;
    this.#clock = options.clock ?? systemClock;
    this.#memory = options.memory ?? new VolatileNetworkMemory();
    this.#network = options.network ?? (() => networkName(origin));
    this.#isLookedAt = options.isLookedAt ?? (() => true);
    this.#fetchConfig = options.fetchConfig ?? ((signal) => fetchGatewayConfig(origin, signal));
    this.#connectHttps = options.connectHttps ?? ((rpc) => new HttpsConnection(new URL(rpc, origin)));
  }

  async connect(signal: AbortSignal): Promise<Connection> {
    const prepared = this.#prepared;
    this.#prepared = undefined;
    if (prepared) return prepared;
    const config = await this.#fetchConfig(signal);
    if (!this.#WebTransport || !config.webtransport) {
      return new FallbackConnection(this.#connectHttps(config.rpc), this.#clock);
    }
    const network = this.#network();
    const verdict = await this.#memory.load(network);
    if (verdict && this.#clock.now() < verdict.untilMs) {
      const fallback = new FallbackConnection(this.#connectHttps(config.rpc), this.#clock);
      if (verdict.reason === "blocked") void this.#retry(fallback, network, firstRetryMs);
      return fallback;
    }
    return await this.#race(config, network, signal);
  }

  async #race(config: GatewayConfig, network: string, signal: AbortSignal): Promise<Connection> {
    const givenUp = new AbortController();
    const attempt = this.#attempt(config, AbortSignal.any([signal, givenUp.signal]));
    const { promise: headStartOver, resolve } = Promise.withResolvers<"late">();
    const cancel = this.#clock.after(headStartMs, () => resolve("late"));
    const first = await Promise.race([attempt, headStartOver]);
    cancel();
    if (signal.aborted) {
      givenUp.abort();
      void attempt.then((late) => late?.close());
      throw signal.reason instanceof TransportError
        ? signal.reason
        : new TransportError("given up", { cause: signal.reason });
    }
    if (first !== "late" && first) {
      await this.#memory.save(network, undefined);
      return this.#watched(first, config, network);
    }
    await this.#memory.save(network, { reason: "blocked", untilMs: this.#clock.now() + blockedForMs });
    const fallback = new FallbackConnection(this.#connectHttps(config.rpc), this.#clock);
    fallback.over.addEventListener("abort", () => givenUp.abort());
    void this.#upgrade(fallback, attempt, config, network, firstRetryMs);
    return fallback;
  }

  /** @returns undefined when it did not connect; never rejects */
  async #attempt(config: GatewayConfig, signal: AbortSignal): Promise<Connection | undefined> {
    try {
      return await connectWebTransport(this.#WebTransport!, config.webtransport!, {
        timeoutMs: attemptMs,
        signal,
        clock: this.#clock,
      });
    } catch {
      return undefined;
    }
  }

  /** Tries again after a pause, with a configuration read anew: certificate hashes change. */
  async #retry(fallback: FallbackConnection, network: string, pauseMs: number): Promise<void> {
    await pause(this.#clock, pauseMs, fallback.over);
    if (fallback.over.aborted) return;
    const config = await this.#fetchConfig(fallback.over).catch(() => undefined);
    const attempt = config?.webtransport ? this.#attempt(config, fallback.over) : Promise.resolve(undefined);
    if (config) await this.#upgrade(fallback, attempt, config, network, Math.min(2 * pauseMs, longestRetryMs));
    else await this.#retry(fallback, network, Math.min(2 * pauseMs, longestRetryMs));
  }

  /** Hands over when the attempt connects and a call gets through; else tries again later. */
  async #upgrade(
    fallback: FallbackConnection,
    attempt: Promise<Connection | undefined>,
    config: GatewayConfig,
    network: string,
    retryMs: number,
  ): Promise<void> {
    const connection = await attempt;
    if (connection && !fallback.over.aborted && await answers(connection, this.#clock) && !fallback.over.aborted) {
      await this.#memory.save(network, undefined);
      const next = this.#watched(connection, config, network);
      this.#prepared = next;
      void next.closed.then(() => {
        if (this.#prepared === next) this.#prepared = undefined;
      });
      fallback.handOver(next);
      return;
    }
    connection?.close();
    if (!fallback.over.aborted) await this.#retry(fallback, network, retryMs);
  }

  #watched(connection: Connection, config: GatewayConfig, network: string): Connection {
    return new WatchedConnection(connection, {
      clock: this.#clock,
      isLookedAt: this.#isLookedAt,
      answersElsewhere: async () => {
        const https = this.#connectHttps(config.rpc);
        const answered = await answers(https, this.#clock, elsewhereMs);
        https.close();
        return answered;
      },
      onStall: (what) => this.#stalled(what, network),
    });
  }

  #stalled(what: StallOf, network: string): void {
    const nowMs = this.#clock.now();
    const isBrowsers = what === "streams" || (what === "unknown" && nowMs - this.#silentMs <= stallsAgainMs);
    if (what === "unknown") this.#silentMs = nowMs;
    if (isBrowsers) void this.#memory.save(network, { reason: "stalled", untilMs: nowMs + stalledForMs });
  }
}
