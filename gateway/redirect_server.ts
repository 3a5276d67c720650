/**
 * The port of plain HTTP beside HTTPS: answers ACME challenges and redirects every other request to HTTPS.
 */
import type { HttpRequest } from "../server-common/http_exchange.ts";
import { HttpServer } from "../server-common/http_server.ts";
import { textResponse } from "../server-common/text_response.ts";
import type { AcmeChallenges } from "./acme_challenges.ts";
import { ownHost } from "./origins.ts";

export interface RedirectOptions {
  bind: string;
  /** 0 picks one */
  port: number;
  publicHost?: string;
  /** the port of HTTPS that browsers use */
  httpsPort: () => number;
  challenges: AcmeChallenges;
  /** headers of each answer */
  headers: () => Record<string, string>;
}

/** Redirects take no time. A connection that is still open after this is ended. */
const graceMs = 1_000;

export interface RedirectServer {
  readonly port: number;
  close(): Promise<void>;
}

/** @throws when the address can not be bound */
export async function serveRedirects(options: RedirectOptions): Promise<RedirectServer> {
  const { bind, port, headers } = options;
  const server = await HttpServer.listen({
    bind,
    port,
    handle: (request) => {
      const response = answer(request, options);
      for (const [name, value] of Object.entries(headers())) response.headers.set(name, value);
      return response;
    },
  });
  return { port: server.port, close: () => server.close(graceMs) };
}

function answer({ url }: HttpRequest, { publicHost, httpsPort, challenges }: RedirectOptions): Response {
  const challenge = challenges.respond(url.pathname);
  if (challenge) return challenge;
  // A redirect must not lead to a host that the request invented.
  const host = ownHost(url.host, publicHost) ?? publicHost;
  if (host === undefined) return textResponse(421, "unknown host");
  const target = httpsPort() === 443 ? host : `${host}:${httpsPort()}`;
  return new Response(null, {
    status: 308,
    headers: {
      location: `https://${target}${url.pathname}${url.search}`,
      "cache-control": "no-store",
      "content-length": "0",
    },
  });
}
