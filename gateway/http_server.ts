/** The HTTP(S) port: the PWA, its configuration and the fallback for calls. */
import type { CallDesk } from "./calls.ts";
import type { Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import { ownHost, ownOrigins, webTransportHost } from "./origins.ts";
import { answerRpc } from "./rpc_fallback.ts";
import { securityHeaders } from "./security_headers.ts";
import type { KeyPairPem } from "./self_signed_certificate.ts";
import { StaticFiles } from "./static.ts";
import { wellKnownPath, wellKnownResponse } from "./well_known.ts";

export interface HttpServerOptions {
  bind: string;
  /** 0 picks one */
  port: number;
  /** serve HTTPS with it */
  tls?: KeyPairPem;
  webRoot: string;
  publicHost?: string;
  origins: string[];
  bytesPerCall: number;
  /** UDP port of WebTransport */
  webTransportPort: () => number;
  /** see CertificateSource.hashes */
  certificateHashes: () => string[] | undefined;
  calls: CallDesk;
  metrics: Metrics;
  log: Log;
}

export class GatewayHttpServer {
  readonly #options: HttpServerOptions;
  readonly #files: StaticFiles;
  #server: Deno.HttpServer<Deno.NetAddr>;
  #isOwnOrigin: (origin: string) => boolean;

  /** Listens at once. @throws when the address can not be bound */
  constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#files = new StaticFiles(options.webRoot);
    this.#server = this.#listen(options.port, options.tls);
    this.#isOwnOrigin = ownOrigins({ ...options, httpPort: this.port, httpTls: options.tls !== undefined });
  }

  get port(): number {
    return this.#server.addr.port;
  }

  readonly isOwnOrigin = (origin: string): boolean => this.#isOwnOrigin(origin);

  /** New connections get this certificate; requests under way are answered as they were. */
  replaceCertificate(tls: KeyPairPem): void {
    const previous = this.#server;
    this.#server = this.#listen(this.port, tls);
    previous.shutdown().catch(() => {});
  }

  /** Lets requests under way finish, for at most `graceMs`. */
  async close(graceMs: number): Promise<void> {
    const { promise: graceOver, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, graceMs);
    await Promise.race([this.#server.shutdown(), graceOver]).catch(() => {});
    clearTimeout(timer);
  }

  #listen(port: number, tls: KeyPairPem | undefined): Deno.HttpServer<Deno.NetAddr> {
    const common = {
      hostname: this.#options.bind,
      port,
      onListen: () => {},
      onError: (error: unknown) => {
        this.#options.log("error", "http-fault", { error: String(error) });
        return new Response("internal error\n", { status: 500, headers: this.#headers(undefined) });
      },
    };
    const handler = (request: Request, info: Deno.ServeHandlerInfo<Deno.NetAddr>) => this.#handle(request, info.remoteAddr);
    // Only HTTPS needs a second listener on its port, for the moment in which the certificate changes.
    return tls
      ? Deno.serve({ ...common, cert: tls.certificate, key: tls.privateKey, reusePort: true }, handler)
      : Deno.serve(common, handler);
  }

  async #handle(request: Request, client: Deno.NetAddr): Promise<Response> {
    const { metrics, calls, bytesPerCall, certificateHashes } = this.#options;
    metrics.add("qpq_gateway_http_requests_total");
    // Not the Host header: HTTP/2 has none, and Deno puts either name into the URL.
    const { host, pathname: path } = new URL(request.url);
    let response: Response;
    if (path === "/rpc") {
      response = request.method === "POST" ? await answerRpc(request, client, calls, this.#isOwnOrigin, bytesPerCall) : methodNotAllowed("POST");
    } else if (request.method !== "GET" && request.method !== "HEAD") {
      response = methodNotAllowed("GET, HEAD");
    } else if (path === wellKnownPath) {
      response = wellKnownResponse(`${this.#webTransportOrigin(host)}/wt`, certificateHashes());
    } else {
      response = await this.#files.serve(request);
    }
    for (const [name, value] of Object.entries(this.#headers(host))) response.headers.set(name, value);
    return response;
  }

  #headers(host: string | undefined): Record<string, string> {
    return securityHeaders(this.#webTransportOrigin(host));
  }

  #webTransportOrigin(pageHost: string | undefined): string {
    const { bind, publicHost, certificateHashes, webTransportPort } = this.#options;
    const host = webTransportHost(ownHost(pageHost, publicHost), bind, publicHost, certificateHashes() !== undefined);
    return `https://${host}:${webTransportPort()}`;
  }
}

function methodNotAllowed(allow: string): Response {
  return new Response("method not allowed\n", { status: 405, headers: { allow, "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" } });
}
