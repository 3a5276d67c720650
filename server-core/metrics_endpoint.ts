/** `GET /metrics` on a port of its own, for Prometheus: nothing that clients reach leads to it. */

import type { Metrics } from "./metrics.ts";

export interface MetricsEndpoint {
  port: number;
  stop(): Promise<void>;
}

/**
 * @param bind IP address to listen on
 * @param port 0: any free one
 * @param refresh done before each answer
 */
export function serveMetrics(
  metrics: Metrics,
  { bind, port }: { bind: string; port: number },
  refresh: () => Promise<void> = () => Promise.resolve(),
): MetricsEndpoint {
  const server = Deno.serve({ hostname: bind, port, onListen: () => {} }, async ({ url }) => {
    if (new URL(url).pathname !== "/metrics") return new Response("not found\n", { status: 404 });
    await refresh();
    return new Response(metrics.render(), { headers: { "content-type": "text/plain; version=0.0.4" } });
  });
  return { port: server.addr.port, stop: () => server.shutdown() };
}
