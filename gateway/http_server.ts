/** The gateway's HTTP(S) port: the PWA, its configuration, and calls over `POST /rpc`. */
import { HttpServer } from "../server-common/http_server.ts";
import type { HttpRequest, HttpSender } from "../server-common/http_exchange.ts";
import { textResponse } from "../server-common/text_response.ts";
import type { AcmeChallenges } from "./acme_challenges.ts";
import type { CallRouter } from "./calls.ts";
import { canonicalAddress, clientAddress } from "./client_address.ts";
import type { GatewayLimits } from "./config.ts";
import { errorFields, type Log } from "../server-common/log.ts";
import type { Metrics } from "./metrics.ts";
import { foreignOriginAdvice, ownHost, ownOrigins, webTransportHost } from "./origins.ts";
import type { CallPace } from "./pace.ts";
import { refusal } from "./refusal.ts";
import { answerRpc, type CallerOrigins } from "./rpc_fallback.ts";
import { securityHeaders } from "./security_headers.ts";
import type { KeyPairPem } from "../server-common/self_signed_certificate.ts";
import { StaticFiles } from "./static.ts";
import { AddressRates } from "../server-common/address_rates.ts";
import { AddressUsage } from "../server-common/address_usage.ts";
import { wellKnownPath, wellKnownResponse } from "./well_known.ts";

export interface GatewayHttpOptions {
  bind: string;
  /** 0 picks one */
  port: number;
  /** the certificate for HTTPS; absent: plain HTTP */
  tls?: KeyPairPem;
  webRoot: string;
  publicHost?: string;
  /** the TCP port that browsers use, where it differs */
  publicPort?: number;
  origins: string[];
  limits: Pick<
    GatewayLimits,
    "bytesPerCall" | "rpcPerSecond" | "filesPerSecond" | "httpConnections" | "httpConnectionsPerAddress"
  >;
  /** proxies whose X-Forwarded-For is trusted */
  trustedProxies: string[];
  /** answered here as well, for a gateway behind a proxy that forwards plain HTTP */
  challenges?: AcmeChallenges;
  /** milliseconds since 1970 */
  now: () => number;
  /** the UDP port of WebTransport that browsers use */
  webTransportPort: () => number;
  /** see CertificateSource.hashes */
  certificateHashes: () => string[] | undefined;
  calls: CallRouter;
  pace: CallPace;
  metrics: Metrics;
  log: Log;
}

/**
 * How many requests may arrive at once, in seconds of the rate. A page of the app loads some twenty files.
 */
const burstSeconds = 3;

/**
 * Refusals of one address each second. A refusal costs as much to send as an answer, so further refusals are
 * delayed.
 */
const refusalsPerSecond = 20;
/** The longest delay of a refusal. */
const holdAtMostMs = 2_000;
/**
 * How many refusals of one address are delayed at a time. The next one ends its connection: HTTP/2 carries requests by
 * the thousand, and a connection costs its maker a handshake.
 */
const heldPerAddress = 256;
/**
 * New connections of one address each second, and three times as many at once. A page needs one over HTTP/2 and six
 * over HTTP/1.1. Each costs a socket and a parser.
 */
const connectionsPerSecond = 100;
/** Everybody can cause a refusal, so it is told once in this time. */
const originToldEveryMs = 60_000;
const loggedOriginLength = 200;
/** Addresses whose rates are remembered. A forgotten address has a fresh burst. */
const maxAddresses = 10_000;

/** HTTPS (or HTTP on localhost): the app, its configuration, `/rpc`, `/.well-known/…`. */
export class GatewayHttpServer {
  readonly #options: GatewayHttpOptions;
  readonly #files: StaticFiles;
  readonly #rpcRate: AddressRates;
  readonly #fileRate: AddressRates;
  readonly #refusalRate: AddressRates;
  readonly #held = new AddressUsage(heldPerAddress);
  readonly #server: HttpServer;
  readonly #origins: CallerOrigins;
  #originToldMs = -Infinity;

  private constructor(options: GatewayHttpOptions, server: HttpServer) {
    this.#options = options;
    this.#server = server;
    this.#files = new StaticFiles(options.webRoot, options.now);
    const { rpcPerSecond, filesPerSecond } = options.limits;
    const rate = (perSecond: number, seconds: number) =>
      new AddressRates({
        perMinute: 60 * perSecond,
        burst: seconds * perSecond,
        clock: options.now,
        maxKeys: maxAddresses,
      });
    this.#rpcRate = rate(rpcPerSecond, burstSeconds);
    this.#fileRate = rate(filesPerSecond, burstSeconds);
    this.#refusalRate = rate(refusalsPerSecond, 1);
    const own = new Set([this.port, options.publicPort ?? this.port].flatMap(
      (httpPort) => [...ownOrigins({ ...options, httpPort, httpTls: options.tls !== undefined })],
    ));
    const advice = foreignOriginAdvice(own);
    this.#origins = { isOwn: (origin) => own.has(origin) || this.#refuseOrigin(origin, advice), ...advice };
  }

  /** @throws when the address can not be bound */
  static async listen(options: GatewayHttpOptions): Promise<GatewayHttpServer> {
    const self = Promise.withResolvers<GatewayHttpServer>();
    const { bind, port, tls, limits, trustedProxies, metrics, log } = options;
    const server = await HttpServer.listen({
      bind,
      port,
      tls,
      places: {
        connections: limits.httpConnections,
        connectionsPerAddress: limits.httpConnectionsPerAddress,
        connectionsPerSecond,
        isTrusted: (address) => trustedProxies.length > 0 && trustedProxies.includes(canonicalAddress(address) ?? ""),
        onFull: () => metrics.refuse("httpConnections"),
      },
      clientOf: ({ peer, header }) => clientAddress(peer, header("x-forwarded-for"), trustedProxies).hostname,
      limit: async (sender) => await (await self.promise).#limit(sender),
      handle: async (request) => await (await self.promise).#handle(request),
      log,
    });
    self.resolve(new GatewayHttpServer(options, server));
    return await self.promise;
  }

  get port(): number {
    return this.#server.port;
  }

  /** Whether pages of this origin may open sessions and post calls. A refusal is logged, at times. */
  readonly isOwnOrigin = (origin: string): boolean => this.#origins.isOwn(origin);

  /** New connections get this certificate; open ones keep theirs. */
  replaceCertificate(tls: KeyPairPem): void {
    this.#server.replaceCertificate(tls);
  }

  /** Lets running requests finish, for at most `graceMs`. */
  async close(graceMs: number): Promise<void> {
    await this.#server.close(graceMs);
  }

  /** The limits of a request's address, before anything else is looked at. */
  async #limit({ peer, header, url }: HttpSender): Promise<Response | "end" | undefined> {
    this.#options.metrics.add("qpq_gateway_http_requests_total");
    const client = this.#clientOf(peer, header("x-forwarded-for"));
    const refused = await this.#refuseRate(url?.pathname === "/rpc", client, client !== peer) ??
      (url ? undefined : textResponse(400, "bad request"));
    return refused === "end" ? refused : refused && this.#secured(refused, url?.host);
  }

  async #handle(request: HttpRequest): Promise<Response> {
    const { host, pathname: path } = request.url;
    const client = this.#clientOf(request.peer, request.headers.get("x-forwarded-for"));
    const response = await this.#answer(request, client, host, path).catch((error) => this.#fault(error));
    return this.#secured(response, host);
  }

  #clientOf(peer: Deno.NetAddr, forwardedFor: string | null): Deno.NetAddr {
    return clientAddress(peer, forwardedFor, this.#options.trustedProxies);
  }

  #secured(response: Response, host: string | undefined): Response {
    for (const [name, value] of Object.entries(this.#headers(host))) response.headers.set(name, value);
    return response;
  }

  async #answer(request: HttpRequest, client: Deno.NetAddr, host: string, path: string): Promise<Response> {
    const { metrics, calls, limits, certificateHashes, challenges } = this.#options;
    if (path === "/rpc") {
      return request.method === "POST"
        ? await answerRpc(request, client, calls, this.#origins, limits.bytesPerCall, metrics)
        : methodNotAllowed("POST");
    }
    if (request.method !== "GET" && request.method !== "HEAD") return methodNotAllowed("GET, HEAD");
    if (path === wellKnownPath) return wellKnownResponse(`${this.#webTransportOrigin(host)}/wt`, certificateHashes());
    return challenges?.respond(path) ?? await this.#files.serve(request);
  }

  /** Says what is wrong, with nothing of what the client sent. */
  #refuseOrigin(origin: string, advice: { expected: string; advice: string }): false {
    const { log, now } = this.#options;
    log.debug("foreign-origin-from", { origin: origin.slice(0, loggedOriginLength) });
    if (now() - this.#originToldMs < originToldEveryMs) return false;
    this.#originToldMs = now();
    log.warn("foreign-origin", { ...advice });
    return false;
  }

  #fault(error: unknown): Response {
    this.#options.log.error("http-fault", errorFields(error));
    return textResponse(500, "internal error");
  }

  /** @param isProxied the connection is a proxy's, and carries other clients' requests as well */
  async #refuseRate(isRpc: boolean, client: Deno.NetAddr, isProxied: boolean): Promise<Response | "end" | undefined> {
    const { hostname: address } = client;
    const retryAfterMs = (isRpc ? this.#rpcRate : this.#fileRate).take(address);
    if (retryAfterMs === 0) {
      if (isRpc) await this.#options.pace.turn(client.hostname);
      return undefined;
    }
    this.#options.metrics.refuse(isRpc ? "rpcRate" : "fileRate");
    if (!await this.#hold(address) && !isProxied) return "end";
    return refusal(429, "too many requests", retryAfterMs);
  }

  /** @returns false, at once, when too many refusals of the address are held */
  async #hold(address: string): Promise<boolean> {
    if (!this.#held.take(address)) return false;
    const waitMs = this.#refusalRate.reserve(address, holdAtMostMs);
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    this.#held.give(address);
    return true;
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
  return textResponse(405, "method not allowed", { allow });
}
