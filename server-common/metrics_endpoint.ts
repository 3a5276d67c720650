/** `GET /metrics` for Prometheus, on a port of its own that clients and browsers never reach. */

export interface MetricsEndpoint {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Listens at once.
 *
 * @param render gives all metrics in the Prometheus text exposition format 0.0.4, once per request
 * @param bind IP literal to listen on
 * @param port 0 picks a free one
 * @throws when the address can not be bound
 */
export function serveMetrics(
  render: () => Promise<string>,
  { bind, port }: { bind: string; port: number },
): MetricsEndpoint {
  const server = Deno.serve({ hostname: bind, port, onListen: () => {} }, async ({ method, url }) => {
    if (method !== "GET" || new URL(url).pathname !== "/metrics") return new Response("not found\n", { status: 404 });
    return new Response(await render(), {
      headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8", "cache-control": "no-store" },
    });
  });
  return { port: server.addr.port, close: () => server.shutdown() };
}
