/** `/metrics` on a port of its own, for Prometheus on this machine: nothing that browsers reach leads to it. */
import type { Metrics } from "./metrics.ts";

export interface MetricsServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Listens at once.
 *
 * @param hostname IP literal; 127.0.0.1 unless the operator says otherwise
 * @param port 0 picks one
 * @throws when the address can not be bound
 */
export function serveMetrics(metrics: Metrics, hostname: string, port: number): MetricsServer {
  const server = Deno.serve({ hostname, port, onListen: () => {} }, async (request) => {
    const isAsked = request.method === "GET" && new URL(request.url).pathname === "/metrics";
    if (!isAsked) return new Response("not found\n", { status: 404 });
    return new Response(await metrics.render(), {
      headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8", "cache-control": "no-store" },
    });
  });
  return { port: server.addr.port, close: () => server.shutdown() };
}
