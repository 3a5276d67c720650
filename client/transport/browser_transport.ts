/** The browser's way to the server: WebTransport first; HTTPS where WebTransport is missing or does not connect in time. */

import { TransportError } from "../../schema/rpc/errors.ts";
import { fetchGatewayConfig } from "./gateway_config.ts";
import { HttpsConnection } from "./https_fallback.ts";
import type { Connection, Transport } from "./transport.ts";
import { connectWebTransport, type WebTransportClass } from "./webtransport.ts";

/** UDP that a network drops silently is noticed only by waiting. */
const webTransportTimeoutMs = 3_000;

export interface BrowserTransportOptions {
  /** undefined: there is none, only HTTPS is used. */
  WebTransport?: WebTransportClass;
  webTransportTimeoutMs?: number;
}

export class BrowserTransport implements Transport {
  readonly #origin: string;
  readonly #options: BrowserTransportOptions;

  /** @param origin of the gateway: the page's own, "https://host:port" */
  constructor(origin: string, options: BrowserTransportOptions = { WebTransport: (globalThis as { WebTransport?: WebTransportClass }).WebTransport }) {
    this.#origin = origin;
    this.#options = options;
  }

  async connect(signal: AbortSignal): Promise<Connection> {
    const config = await fetchGatewayConfig(this.#origin, signal);
    const { WebTransport, webTransportTimeoutMs: timeoutMs = webTransportTimeoutMs } = this.#options;
    if (WebTransport && config.webtransport) {
      try {
        return await connectWebTransport(WebTransport, config.webtransport, { timeoutMs, signal });
      } catch (error) {
        if (signal.aborted) throw error instanceof TransportError ? error : new TransportError("given up", { cause: error });
      }
    }
    return new HttpsConnection(new URL(config.rpc, this.#origin));
  }
}
