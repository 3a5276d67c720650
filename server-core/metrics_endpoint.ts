/** `GET /metrics` on a local port. */

import type { Metrics } from "./metrics.ts";

export interface MetricsEndpoint {
  port: number;
  stop(): Promise<void>;
}

/**
 * @param port 0: any free one
 * @param refresh done before each answer
 * @returns the endpoint, which listens on 127.0.0.1 only
 */
export function serveMetrics(metrics: Metrics, port: number, refresh: () => Promise<void> = () => Promise.resolve()): MetricsEndpoint {
  const server = Deno.serve({ hostname: "127.0.0.1", port, onListen: () => {} }, async ({ url }) => {
    if (new URL(url).pathname !== "/metrics") return new Response("not found\n", { status: 404 });
    await refresh();
    return new Response(metrics.render(), { headers: { "content-type": "text/plain; version=0.0.4" } });
  });
  return { port: server.addr.port, stop: () => server.shutdown() };
}
