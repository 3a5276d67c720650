/** `GET /metrics` for Prometheus, on an own port that clients and browsers do not use. */

import { HttpServer } from "./http_server.ts";
import { textResponse } from "./text_response.ts";

export interface MetricsEndpoint {
  readonly port: number;
  close(): Promise<void>;
}

/** A scrape takes some ms. A connection that is still open after this is ended. */
const graceMs = 1_000;

/**
 * @param render gives all metrics in the Prometheus text exposition format 0.0.4, once per request
 * @param bind IP literal to listen on
 * @param port 0 picks a free one
 * @throws when the address can not be bound
 */
export async function serveMetrics(
  render: () => Promise<string>,
  { bind, port }: { bind: string; port: number },
): Promise<MetricsEndpoint> {
  const server = await HttpServer.listen({
    bind,
    port,
    handle: async ({ method, url }) => {
      if (method !== "GET" || url.pathname !== "/metrics") return textResponse(404, "not found");
      return textResponse(200, await render(), { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
    },
  });
  return { port: server.port, close: () => server.close(graceMs) };
}
