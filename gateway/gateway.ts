/** Assembles the gateway: HTTP, WebTransport, and the pool of connections to the core. */
import { certificatePin } from "../schema/certificate_pin.ts";
import { X509Certificate } from "node:crypto";
import { AcmeCertificate } from "./acme_certificate.ts";
import { AcmeChallenges } from "./acme_challenges.ts";
import { CallRouter } from "./calls.ts";
import { CertificateFiles, type CertificateSource, SelfMadeCertificate } from "./certificate.ts";
import { ConfigError } from "../server-common/config.ts";
import { type MetricsEndpoint, serveMetrics } from "../server-common/metrics_endpoint.ts";
import type { GatewayConfig } from "./config.ts";
import { watchFiles } from "./file_watch.ts";
import { listenError, type Place } from "../server-common/listen_error.ts";
import { type ConnectionEvent, defaultMaxStreams, serveWebTransport, type WebTransportServer } from "./http3/server.ts";
import { GatewayHttpServer } from "./http_server.ts";
import { GarbageCount } from "../server-common/garbage.ts";
import type { Log } from "../server-common/log.ts";
import { type CertificateTimes, type MetricName, Metrics, type RefusalReason } from "./metrics.ts";
import { type RedirectServer, serveRedirects } from "./redirect_server.ts";
import { securityHeaders } from "./security_headers.ts";
import { CallPace } from "./pace.ts";
import { watchMemory } from "./memory_watch.ts";
import { SessionRegistry } from "./sessions.ts";
import { UpstreamPool } from "./upstream.ts";
import type { CoreTrust } from "./upstream_connection.ts";

export interface Gateway {
  readonly httpPort: number;
  readonly webTransportPort: number;
  /** ports of the redirects to HTTPS and of `/metrics`, if served */
  readonly redirectPort?: number;
  readonly metricsPort?: number;
  readonly metrics: Metrics;
  /** connections to the core that can take calls */
  readonly readyConnections: number;
  /** Resolves when the core can be reached. */
  whenCoreReady(): Promise<void>;
  /** Renews or reloads the certificate if that is due. The gateway also does so every minute. */
  refreshCertificate(): Promise<void>;
  /**
   * Ends sessions with a reason, lets HTTP requests finish for `graceMs` (default 2,000), and closes
   * everything.
   */
  close(graceMs?: number): Promise<void>;
}

export interface GatewayEnvironment {
  log: Log;
  /** milliseconds since 1970 */
  now: () => number;
}

const refreshIntervalMs = 60_000;
/**
 * After so many QUIC connections that have ended, or four times as many streams that ended with theirs, their memory is
 * freed, but no more often than this, ms.
 */
const endedConnections = 256;
const freeEveryMs = 2_000;
/** Close code of sessions when the gateway stops: the client connects again. */
const drainingCode = 0;
const drainingReason = "gateway shutdown";

const eventMetrics: Partial<Record<ConnectionEvent, MetricName>> = {
  accepted: "qpq_gateway_connections_accepted_total",
  refused: "qpq_gateway_connections_refused_total",
  full: "qpq_gateway_connections_refused_total",
  addressHandshakes: "qpq_gateway_connections_refused_total",
  addressFull: "qpq_gateway_connections_refused_total",
  handshakeFailed: "qpq_gateway_handshakes_failed_total",
};
const eventRefusals: Partial<Record<ConnectionEvent, RefusalReason>> = {
  refused: "handshakes",
  full: "connections",
  addressHandshakes: "handshakesPerAddress",
  addressFull: "connectionsPerAddress",
  crowded: "waitingStreams",
};

/**
 * Starts the gateway. The core need not be reachable yet.
 *
 * @throws ConfigError when a file of the configuration can not be used; the runtime's error when an address
 *   can not be bound
 */
export async function startGateway(config: GatewayConfig, { log, now }: GatewayEnvironment): Promise<Gateway> {
  const metrics = new Metrics();
  const trust = await readTrust(config);
  const challenges = new AcmeChallenges();
  const certificates = await openCertificates(config, challenges, now, log);
  metrics.watchCertificate(() => timesOf(certificates.current.certificate), now);
  const { hostname, port, connections, silenceMs } = config.core;
  const pool = new UpstreamPool({
    core: { hostname, port },
    trust,
    secret: config.gatewaySecret,
    connections,
    silenceMs,
    metrics,
    log,
  });
  const pace = new CallPace(config.limits.callsPerSecond, now);
  const calls = new CallRouter(pool, config.limits, metrics, log);
  let webTransport: WebTransportServer | undefined;
  let http: GatewayHttpServer | undefined;
  let redirects: RedirectServer | undefined;
  const ended = new GarbageCount(endedConnections, freeEveryMs);
  let stopMemoryWatch = () => {};
  const stopWatches = () => {
    stopMemoryWatch();
    calls.close();
  };
  const webTransportPort = () => config.publicPorts.webTransport ?? webTransport?.port ?? config.webTransportPort;
  try {
    http = await GatewayHttpServer.listen({
      bind: config.bind,
      port: config.httpPort,
      tls: config.httpTls ? certificates.current : undefined,
      webRoot: config.webRoot,
      publicHost: config.publicHost,
      origins: config.origins,
      publicPort: config.publicPorts.http,
      limits: config.limits,
      trustedProxies: config.trustedProxies,
      challenges: config.acme && challenges,
      now,
      webTransportPort,
      certificateHashes: () => certificates.hashes,
      calls,
      pace,
      metrics,
      log,
    });
    const sessions = new SessionRegistry(calls, config.limits, http.isOwnOrigin, metrics, log);
    webTransport = serveWebTransport({
      hostname: config.bind,
      port: config.webTransportPort,
      certificate: certificates.current.certificate,
      privateKey: certificates.current.privateKey,
      connectTimeoutMs: config.limits.connectMs,
      maxPendingHandshakes: config.limits.handshakes,
      maxConnections: config.limits.connections,
      maxPendingHandshakesPerAddress: config.limits.handshakesPerAddress,
      maxConnectionsPerAddress: config.limits.connectionsPerAddress,
      // The CONNECT stream, and calls that are being closed, come on top.
      maxStreams: Math.max(defaultMaxStreams, Math.ceil(config.limits.callsPerSession * 9 / 7)),
      authorize: (request) => sessions.authorize(request),
      turn: ({ hostname }) => pace.turn(hostname),
      onSession: (session) => sessions.open(session),
      onEvent: (event, openStreams = 0) => {
        if (event === "ended") ended.add(1 + openStreams / 4);
        const metric = eventMetrics[event];
        if (metric) metrics.add(metric);
        const reason = eventRefusals[event];
        if (reason) metrics.refuse(reason);
      },
    });
    if (config.redirectPort !== undefined) redirects = await redirectTo(config, http, challenges, webTransportPort);
    stopMemoryWatch = watchMemory({
      limit: config.limits.memory * 2 ** 20,
      shed: [webTransport.shedGreediest, () => calls.shedGreediest()],
      ended,
      metrics,
      log,
    });
    const metricsEndpoint = config.metrics && await serveMetrics(() => metrics.render(), config.metrics);
    return assemble({
      config,
      metrics,
      pool,
      certificates,
      http,
      webTransport,
      redirects,
      metricsEndpoint,
      log,
      stopWatches,
    });
  } catch (error) {
    stopWatches();
    pool.close();
    await Promise.all([http?.close(0), redirects?.close(), webTransport?.close()]);
    throw listenError(error, placeAfter(config, { http, webTransport, redirects }));
  }
}

/** Where the gateway wanted to listen next, after those servers that listen already. */
function placeAfter(
  { bind, httpPort, webTransportPort, redirectPort, metrics }: GatewayConfig,
  { http, webTransport, redirects }: { http?: unknown; webTransport?: unknown; redirects?: unknown },
): Place {
  const own = { address: bind, addressKey: "QPQ_BIND" };
  if (!http) return { ...own, port: httpPort, portKey: "QPQ_HTTP_PORT" };
  if (!webTransport) return { ...own, port: webTransportPort, portKey: "QPQ_WT_PORT" };
  if (redirectPort !== undefined && !redirects) return { ...own, port: redirectPort, portKey: "QPQ_REDIRECT_PORT" };
  return {
    address: metrics?.bind ?? bind,
    port: metrics?.port ?? 0,
    portKey: "QPQ_GATEWAY_METRICS_PORT",
    addressKey: "QPQ_GATEWAY_METRICS_BIND",
  };
}

function redirectTo(
  config: GatewayConfig,
  http: GatewayHttpServer,
  challenges: AcmeChallenges,
  webTransportPort: () => number,
): Promise<RedirectServer> {
  const { bind, redirectPort, publicHost, publicPorts } = config;
  return serveRedirects({
    bind,
    port: redirectPort!,
    publicHost,
    httpsPort: () => publicPorts.http ?? http.port,
    challenges,
    headers: () => securityHeaders(`https://${publicHost ?? "127.0.0.1"}:${webTransportPort()}`, false),
  });
}

interface Parts {
  config: GatewayConfig;
  metrics: Metrics;
  pool: UpstreamPool;
  certificates: CertificateSource;
  http: GatewayHttpServer;
  webTransport: WebTransportServer;
  redirects: RedirectServer | undefined;
  metricsEndpoint: MetricsEndpoint | undefined;
  log: Log;
  /** Ends what runs by a timer. */
  stopWatches: () => void;
}

function assemble(
  { config, metrics, pool, certificates, http, webTransport, redirects, metricsEndpoint, log, stopWatches }: Parts,
): Gateway {
  let served = certificates.current;
  const refreshCertificate = async () => {
    try {
      await certificates.refresh();
      const pair = certificates.current;
      if (pair === served) return;
      if (config.httpTls) http.replaceCertificate(pair);
      webTransport.replaceCertificate(pair.certificate, pair.privateKey);
      // Only now: a port that did not take it is tried again.
      served = pair;
      log.info("certificate-replaced");
    } catch (error) {
      log.error("certificate-not-replaced", { error: String(error) });
    }
  };
  const refreshTimer = setInterval(refreshCertificate, refreshIntervalMs);
  const stopWatching = config.tls
    ? watchFiles([config.tls.certificatePath, config.tls.privateKeyPath], () => void refreshCertificate())
    : () => {};
  // The ports are open now, so the gateway can answer the authority's challenge.
  if (config.acme) void refreshCertificate();
  return {
    httpPort: http.port,
    webTransportPort: webTransport.port,
    redirectPort: redirects?.port,
    metricsPort: metricsEndpoint?.port,
    metrics,
    get readyConnections() {
      return pool.readyConnections;
    },
    whenCoreReady: () => pool.whenReady(),
    refreshCertificate,
    async close(graceMs = 2_000) {
      clearInterval(refreshTimer);
      stopWatches();
      stopWatching();
      await Promise.all([
        webTransport.close(drainingCode, drainingReason),
        http.close(graceMs),
        redirects?.close(),
        metricsEndpoint?.close(),
      ]);
      pool.close();
    },
  };
}

/**
 * Reads how to verify the core: by the PEM of an authority. The pin goes into the admission, and is the only
 * check without a PEM.
 */
async function readTrust({ core }: GatewayConfig): Promise<CoreTrust> {
  if (core.caPath === undefined) return { serverName: core.serverName, pin: core.pin! };
  try {
    const caPem = await Deno.readTextFile(core.caPath);
    return { caPem, serverName: core.serverName, pin: core.pin ?? await certificatePin(caPem) };
  } catch (error) {
    throw new ConfigError(
      "QPQ_CORE_CA",
      `can not use ${core.caPath}: ${error instanceof Error ? error.message : error}`,
    );
  }
}

async function openCertificates(
  config: GatewayConfig,
  challenges: AcmeChallenges,
  now: () => number,
  log: Log,
): Promise<CertificateSource> {
  try {
    if (config.acme) return await openAcme(config.acme, `${config.dataDir}/acme`, challenges, now, log);
    return await (config.tls ? CertificateFiles.open(config.tls) : SelfMadeCertificate.open(config.dataDir, now));
  } catch (error) {
    const key = config.acme ? "QPQ_DOMAIN" : config.tls ? "QPQ_TLS_CERT" : "QPQ_DATA";
    throw new ConfigError(key, error instanceof Error ? error.message : String(error));
  }
}

async function openAcme(
  acme: NonNullable<GatewayConfig["acme"]>,
  folder: string,
  challenges: AcmeChallenges,
  now: () => number,
  log: Log,
): Promise<AcmeCertificate> {
  const { domain, directoryUrl, email, caPath } = acme;
  const authority = { directoryUrl, email, caPem: caPath === undefined ? undefined : await Deno.readTextFile(caPath) };
  // Loaded only if needed: acme-client and its dependencies are a fifth of the gateway's code.
  const { makeAccountKey, orderCertificate } = await import("./acme_order.ts");
  return await AcmeCertificate.open({
    domain,
    directoryUrl,
    folder,
    now,
    log,
    makeAccountKey,
    order: (accountKey) => orderCertificate(authority, accountKey, domain, challenges),
  });
}

function timesOf(certificate: string): CertificateTimes | undefined {
  try {
    const { validFrom, validTo } = new X509Certificate(certificate);
    return { notBeforeMs: Date.parse(validFrom), notAfterMs: Date.parse(validTo) };
  } catch {
    return undefined;
  }
}
