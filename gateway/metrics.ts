/**
 * The gateway's counters, gauges and times in Prometheus' format, kept by prom-client. No label ever holds an
 * address or a name.
 */
import { Counter, Gauge, Histogram, Registry } from "prom-client";

const descriptions = {
  qpq_gateway_connections_accepted_total: "HTTP/3 connections accepted",
  qpq_gateway_connections_refused_total: "HTTP/3 connections refused above a cap",
  qpq_gateway_handshakes_failed_total: "QUIC handshakes that failed",
  qpq_gateway_sessions_total: "WebTransport sessions accepted",
  qpq_gateway_sessions_refused_total: "WebTransport sessions answered 403, 404 or 429",
  qpq_gateway_sessions: "WebTransport sessions open",
  qpq_gateway_calls_total: "calls spliced to the core",
  qpq_gateway_calls_failed_total: "calls cut off before both sides had finished",
  qpq_gateway_calls_refused_total: "calls refused above a limit",
  qpq_gateway_calls_displaced_total: "calls ended because others needed their place",
  qpq_gateway_calls: "calls (streams) under way",
  qpq_gateway_bytes_to_core_total: "bytes of calls",
  qpq_gateway_bytes_from_core_total: "bytes of answers",
  qpq_gateway_upstream_connections: "connections to the core on which it answers",
  qpq_gateway_upstream_silent_total: "connections on which the core fell silent",
  qpq_gateway_upstream_connects_total: "connections to the core made",
  qpq_gateway_upstream_connect_failures_total: "attempts to reach the core that failed",
  qpq_gateway_memory_shed_total: "connections closed, or addresses' calls ended, because memory was short",
  qpq_gateway_http_requests_total: "HTTP requests answered",
  qpq_gateway_unhandled_rejections_total: "faults that no code expected",
} as const;

export type MetricName = keyof typeof descriptions;

/** The limits that refuse a call, or end it for another one. */
export type CallLimit =
  | "callsPerSession"
  | "callsPerAddress"
  | "heldBytes"
  | "unfinishedCalls"
  | "stalledCalls"
  | "fairShare"
  | "memory";

/** The limits that refused or ended something: one reason for each row of docs/limits.md. */
export type RefusalReason =
  | "connections"
  | "connectionsPerAddress"
  | "handshakes"
  | "handshakesPerAddress"
  | "httpConnections"
  | "sessionsPerAddress"
  | "waitingStreams"
  | "idleSession"
  | "origin"
  | CallLimit
  | "bytesPerCall"
  | "halfOpenCall"
  | "stalledCall"
  | "rpcRate"
  | "fileRate"
  | "coreAway";

export interface CertificateTimes {
  notBeforeMs: number;
  notAfterMs: number;
}

/** The gateway's metrics in Prometheus' format. No label holds an address or a name. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #metrics = new Map<MetricName, Counter | Gauge>();
  /** prom-client returns values only by promise, and tests read them synchronously. */
  readonly #values = new Map<MetricName, number>();
  readonly #refusals: Counter;
  readonly #callSeconds: Histogram;

  constructor() {
    const registers = [this.#registry];
    for (const [name, help] of Object.entries(descriptions)) {
      this.#metrics.set(
        name as MetricName,
        name.endsWith("_total") ? new Counter({ name, help, registers }) : new Gauge({ name, help, registers }),
      );
    }
    this.#refusals = new Counter({
      name: "qpq_gateway_refusals_total",
      help: "what a limit turned away or ended, by limit",
      labelNames: ["reason"],
      registers,
    });
    this.#callSeconds = new Histogram({
      name: "qpq_gateway_call_seconds",
      help: "how long calls took, without subscriptions and other calls over a minute",
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60],
      registers,
    });
    new Gauge({
      name: "process_resident_memory_bytes",
      help: "Resident memory size in bytes",
      registers,
      collect() {
        this.set(Deno.memoryUsage().rss);
      },
    });
  }

  /** Adds to a counter or gauge; a gauge goes down with a negative amount. */
  add(name: MetricName, amount = 1): void {
    this.#values.set(name, this.get(name) + amount);
    this.#metrics.get(name)!.inc(amount);
  }

  get(name: MetricName): number {
    return this.#values.get(name) ?? 0;
  }

  /** Counts one refusal of a limit. */
  refuse(reason: RefusalReason): void {
    this.#refusals.inc({ reason });
  }

  /** @param milliseconds of a call that has ended */
  observeCall(milliseconds: number): void {
    if (milliseconds <= 60_000) this.#callSeconds.observe(milliseconds / 1000);
  }

  /**
   * Shows the certificate's age and end.
   *
   * @param read called whenever metrics are read; undefined when the certificate can not be parsed
   * @param now milliseconds since 1970
   */
  watchCertificate(read: () => CertificateTimes | undefined, now: () => number): void {
    const gauge = (name: string, help: string, value: (times: CertificateTimes) => number) =>
      new Gauge({
        name,
        help,
        registers: [this.#registry],
        collect() {
          const times = read();
          if (times) this.set(value(times));
        },
      });
    gauge(
      "qpq_gateway_certificate_age_seconds",
      "since the certificate in use became valid",
      ({ notBeforeMs }) => (now() - notBeforeMs) / 1000,
    );
    gauge(
      "qpq_gateway_certificate_expires_seconds",
      "until the certificate in use is over; renewal is due long before",
      ({ notAfterMs }) => (notAfterMs - now()) / 1000,
    );
  }

  /** @returns all of them in the Prometheus text exposition format 0.0.4 */
  async render(): Promise<string> {
    return await this.#registry.metrics();
  }
}
