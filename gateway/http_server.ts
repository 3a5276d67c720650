/** The HTTP(S) port: the PWA, its configuration and the fallback for calls. */
import type { AcmeChallenges } from "./acme_challenges.ts";
import type { CallDesk } from "./calls.ts";
import { clientAddress } from "./client_address.ts";
import type { GatewayLimits } from "./config.ts";
import type { Log } from "../server-common/log.ts";
import type { Metrics } from "./metrics.ts";
import { ownHost, ownOrigins, webTransportHost } from "./origins.ts";
import type { CallPace } from "./pace.ts";
import { RateLimit } from "./rate_limit.ts";
import { refusal } from "./refusal.ts";
import { answerRpc } from "./rpc_fallback.ts";
import { securityHeaders } from "./security_headers.ts";
import type { KeyPairPem } from "../server-common/self_signed_certificate.ts";
import { StaticFiles } from "./static.ts";
import { Usage, usageKey } from "./usage.ts";
import { wellKnownPath, wellKnownResponse } from "./well_known.ts";

export interface HttpServerOptions {
  bind: string;
  /** 0 picks one */
  port: number;
  /** serve HTTPS with it */
  tls?: KeyPairPem;
  webRoot: string;
  publicHost?: string;
  /** TCP port as browsers reach it, where it differs */
  publicPort?: number;
  origins: string[];
  limits: Pick<GatewayLimits, "bytesPerCall" | "rpcPerSecond" | "filesPerSecond">;
  /** proxies whose X-Forwarded-For is believed */
  trustedProxies: string[];
  /** also answered here, for a gateway whose proxy passes plain HTTP on */
  challenges?: AcmeChallenges;
  /** milliseconds since 1970 */
  now: () => number;
  /** UDP port of WebTransport, as browsers reach it */
  webTransportPort: () => number;
  /** see CertificateSource.hashes */
  certificateHashes: () => string[] | undefined;
  calls: CallDesk;
  pace: CallPace;
  metrics: Metrics;
  log: Log;
}

/** What may come at once is this many seconds' worth: a page of the app loads some twenty files. */
const burstSeconds = 3;

/** Refusals cost as much to send as answers, so an address that asks on and on gets this many a second … */
const refusalsPerSecond = 20;
/** … each after this long at most … */
const holdAtMostMs = 2_000;
/** … and of no more requests held at a time. */
const heldPerAddress = 256;

/** HTTPS (or HTTP on localhost): the app, its configuration, `/rpc`, `/.well-known/…`. */
export class GatewayHttpServer {
  readonly #options: HttpServerOptions;
  readonly #files: StaticFiles;
  readonly #rpcRate: RateLimit;
  readonly #fileRate: RateLimit;
  readonly #refusalRate: RateLimit;
  readonly #held = new Usage(heldPerAddress);
  #server: Deno.HttpServer<Deno.NetAddr>;
  #isOwnOrigin: (origin: string) => boolean;

  /** Listens at once. @throws when the address can not be bound */
  constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#files = new StaticFiles(options.webRoot);
    const { rpcPerSecond, filesPerSecond } = options.limits;
    this.#rpcRate = new RateLimit(rpcPerSecond, burstSeconds * rpcPerSecond, options.now);
    this.#fileRate = new RateLimit(filesPerSecond, burstSeconds * filesPerSecond, options.now);
    this.#refusalRate = new RateLimit(refusalsPerSecond, refusalsPerSecond, options.now);
    this.#server = this.#listen(options.port, options.tls);
    const ports = [this.port, options.publicPort ?? this.port];
    const tests = ports.map((httpPort) => ownOrigins({ ...options, httpPort, httpTls: options.tls !== undefined }));
    this.#isOwnOrigin = (origin) => tests.some((isOwn) => isOwn(origin));
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
        this.#options.log.error("http-fault", { error: String(error) });
        return new Response("internal error\n", { status: 500, headers: this.#headers(undefined) });
      },
    };
    const handler = (request: Request, info: Deno.ServeHandlerInfo<Deno.NetAddr>) =>
      this.#handle(request, info.remoteAddr);
    // Only HTTPS needs a second listener on its port, for the moment in which the certificate changes.
    return tls
      ? Deno.serve({ ...common, cert: tls.certificate, key: tls.privateKey, reusePort: true }, handler)
      : Deno.serve(common, handler);
  }

  async #handle(request: Request, peer: Deno.NetAddr): Promise<Response> {
    const { metrics } = this.#options;
    metrics.add("qpq_gateway_http_requests_total");
    // Not the Host header: HTTP/2 has none, and Deno puts either name into the URL.
    const { host, pathname: path } = new URL(request.url);
    const client = clientAddress(peer, request.headers.get("x-forwarded-for"), this.#options.trustedProxies);
    const response = await this.#refuseRate(path, client) ?? await this.#answer(request, client, host, path);
    for (const [name, value] of Object.entries(this.#headers(host))) response.headers.set(name, value);
    return response;
  }

  async #answer(request: Request, client: Deno.NetAddr, host: string, path: string): Promise<Response> {
    const { metrics, calls, limits, certificateHashes, challenges } = this.#options;
    if (path === "/rpc") {
      return request.method === "POST"
        ? await answerRpc(request, client, calls, this.#isOwnOrigin, limits.bytesPerCall, metrics)
        : methodNotAllowed("POST");
    }
    if (request.method !== "GET" && request.method !== "HEAD") return methodNotAllowed("GET, HEAD");
    if (path === wellKnownPath) return wellKnownResponse(`${this.#webTransportOrigin(host)}/wt`, certificateHashes());
    return challenges?.respond(path) ?? await this.#files.serve(request);
  }

  async #refuseRate(path: string, client: Deno.NetAddr): Promise<Response | undefined> {
    const isRpc = path === "/rpc";
    const key = usageKey(client.hostname);
    const retryAfterMs = (isRpc ? this.#rpcRate : this.#fileRate).take(key);
    if (retryAfterMs === 0) {
      if (isRpc) await this.#options.pace.turn(client.hostname);
      return undefined;
    }
    await this.#hold(key);
    this.#options.metrics.refuse(isRpc ? "rpcRate" : "fileRate");
    return refusal(429, "too many requests", retryAfterMs);
  }

  async #hold(key: string): Promise<void> {
    if (!this.#held.take(key)) return;
    const waitMs = this.#refusalRate.reserve(key, holdAtMostMs);
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    this.#held.give(key);
  }

  #headers(host: string | undefined): Record<string, string> {
    const { tls, publicHost } = this.#options;
    return securityHeaders(
      this.#webTransportOrigin(host),
      tls !== undefined && publicHost !== undefined && ownHost(host, publicHost) === publicHost,
    );
  }

  #webTransportOrigin(pageHost: string | undefined): string {
    const { bind, publicHost, certificateHashes, webTransportPort } = this.#options;
    const host = webTransportHost(ownHost(pageHost, publicHost), bind, publicHost, certificateHashes() !== undefined);
    return `https://${host}:${webTransportPort()}`;
  }
}

function methodNotAllowed(allow: string): Response {
  return new Response("method not allowed\n", {
    status: 405,
    headers: { allow, "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" },
  });
}
