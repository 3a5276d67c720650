/** Counters and gauges of the gateway, with the Prometheus text format as their face. */

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
  qpq_gateway_calls: "calls under way",
  qpq_gateway_bytes_to_core_total: "bytes of calls",
  qpq_gateway_bytes_from_core_total: "bytes of answers",
  qpq_gateway_upstream_connections: "connections to the core that are ready",
  qpq_gateway_upstream_connects_total: "connections to the core made",
  qpq_gateway_upstream_connect_failures_total: "attempts to reach the core that failed",
  qpq_gateway_http_requests_total: "HTTP requests answered",
  qpq_gateway_unhandled_rejections_total: "faults that no code expected",
} as const;

export type MetricName = keyof typeof descriptions;

export class Metrics {
  readonly #values = new Map<MetricName, number>();

  /** Adds to a counter or gauge; a gauge goes down with a negative amount. */
  add(name: MetricName, amount = 1): void {
    this.#values.set(name, this.get(name) + amount);
  }

  get(name: MetricName): number {
    return this.#values.get(name) ?? 0;
  }

  /** @returns all of them in the Prometheus text exposition format 0.0.4 */
  render(): string {
    return Object.entries(descriptions).map(([name, description]) => {
      const type = name.endsWith("_total") ? "counter" : "gauge";
      return `# HELP ${name} ${description}\n# TYPE ${name} ${type}\n${name} ${this.get(name as MetricName)}\n`;
    }).join("");
  }
}
