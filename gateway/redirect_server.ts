/** Plain HTTP beside HTTPS: answers the ACME authority, and sends everyone else to HTTPS. */
import type { AcmeChallenges } from "./acme_challenges.ts";
import { ownHost } from "./origins.ts";

export interface RedirectOptions {
  bind: string;
  /** 0 picks one */
  port: number;
  publicHost?: string;
  /** of HTTPS, as browsers reach it */
  httpsPort: () => number;
  challenges: AcmeChallenges;
  /** for each answer */
  headers: () => Record<string, string>;
}

export interface RedirectServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Listens at once. @throws when the address can not be bound */
export function serveRedirects(options: RedirectOptions): RedirectServer {
  const { bind, port, publicHost, httpsPort, challenges, headers } = options;
  const answer = (request: Request): Response => {
    const url = new URL(request.url);
    const challenge = challenges.respond(url.pathname);
    if (challenge) return challenge;
    // Never to a host that the request made up: the name is ours, or there is none.
    const host = ownHost(url.host, publicHost) ?? publicHost;
    if (host === undefined) {
      return new Response("unknown host\n", { status: 421, headers: { "content-type": "text/plain; charset=utf-8" } });
    }
    const target = httpsPort() === 443 ? host : `${host}:${httpsPort()}`;
    return new Response(null, {
      status: 308,
      headers: { location: `https://${target}${url.pathname}${url.search}`, "cache-control": "no-store" },
    });
  };
  const server = Deno.serve({ hostname: bind, port, onListen: () => {} }, (request) => {
    const response = answer(request);
    for (const [name, value] of Object.entries(headers())) response.headers.set(name, value);
    return response;
  });
  return { port: server.addr.port, close: () => server.shutdown() };
}
