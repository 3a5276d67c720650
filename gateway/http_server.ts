/** The gateway's HTTP(S) port: the PWA, its configuration, and calls over `POST /rpc`. */
import { HttpServer } from "../server-common/http_server.ts";
import type { HttpRequest } from "../server-common/http_exchange.ts";
import { textResponse } from "../server-common/text_response.ts";
import type { AcmeChallenges } from "./acme_challenges.ts";
import type { CallRouter } from "./calls.ts";
import { clientAddress } from "./client_address.ts";
import type { GatewayLimits } from "./config.ts";
import type { Log } from "../server-common/log.ts";
import type { Metrics } from "./metrics.ts";
import { ownHost, ownOrigins, webTransportHost } from "./origins.ts";
import type { CallPace } from "./pace.ts";
import { refusal } from "./refusal.ts";
import { answerRpc } from "./rpc_fallback.ts";
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
  limits: Pick<GatewayLimits, "bytesPerCall" | "rpcPerSecond" | "filesPerSecond">;
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
/** How many refusals of one address are delayed at a time. */
const heldPerAddress = 256;
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
  readonly #isOwnOrigin: (origin: string) => boolean;

  private constructor(options: GatewayHttpOptions, server: HttpServer) {
    this.#options = options;
    this.#server = server;
    this.#files = new StaticFiles(options.webRoot);
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
    const ports = [this.port, options.publicPort ?? this.port];
    const tests = ports.map((httpPort) => ownOrigins({ ...options, httpPort, httpTls: options.tls !== undefined }));
    this.#isOwnOrigin = (origin) => tests.some((isOwn) => isOwn(origin));
  }

  /** @throws when the address can not be bound */
  static async listen(options: GatewayHttpOptions): Promise<GatewayHttpServer> {
    const self = Promise.withResolvers<GatewayHttpServer>();
    const server = await HttpServer.listen({
      bind: options.bind,
      port: options.port,
      tls: options.tls,
      handle: async (request) => await (await self.promise).#handle(request),
    });
    self.resolve(new GatewayHttpServer(options, server));
    return await self.promise;
  }

  get port(): number {
    return this.#server.port;
  }

  readonly isOwnOrigin = (origin: string): boolean => this.#isOwnOrigin(origin);

  /** New connections get this certificate; open ones keep theirs. */
  replaceCertificate(tls: KeyPairPem): void {
    this.#server.replaceCertificate(tls);
  }

  /** Lets running requests finish, for at most `graceMs`. */
  async close(graceMs: number): Promise<void> {
    await this.#server.close(graceMs);
  }

  async #handle(request: HttpRequest): Promise<Response> {
    const { metrics } = this.#options;
    metrics.add("qpq_gateway_http_requests_total");
    const { host, pathname: path } = request.url;
    const client = clientAddress(request.peer, request.headers.get("x-forwarded-for"), this.#options.trustedProxies);
    const response = await this.#refuseRate(path, client) ??
      await this.#answer(request, client, host, path).catch((error) => this.#fault(error));
    for (const [name, value] of Object.entries(this.#headers(host))) response.headers.set(name, value);
    return response;
  }

  async #answer(request: HttpRequest, client: Deno.NetAddr, host: string, path: string): Promise<Response> {
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

  #fault(error: unknown): Response {
    this.#options.log.error("http-fault", { error: String(error) });
    return textResponse(500, "internal error");
  }

  async #refuseRate(path: string, client: Deno.NetAddr): Promise<Response | undefined> {
    const isRpc = path === "/rpc";
    const { hostname: address } = client;
    const retryAfterMs = (isRpc ? this.#rpcRate : this.#fileRate).take(address);
    if (retryAfterMs === 0) {
      if (isRpc) await this.#options.pace.turn(client.hostname);
      return undefined;
    }
    await this.#hold(address);
    this.#options.metrics.refuse(isRpc ? "rpcRate" : "fileRate");
    return refusal(429, "too many requests", retryAfterMs);
  }

  async #hold(address: string): Promise<void> {
    if (!this.#held.take(address)) return;
    const waitMs = this.#refusalRate.reserve(address, holdAtMostMs);
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    this.#held.give(address);
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
