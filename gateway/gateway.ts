/** The gateway put together: HTTP, WebTransport, and the pool of connections to the core behind both. */
import { certificatePin } from "../schema/certificate_pin.ts";
import { CallDesk } from "./calls.ts";
import { CertificateFiles, type CertificateSource, SelfMadeCertificate } from "./certificate.ts";
import { ConfigError, type GatewayConfig } from "./config.ts";
import { type ConnectionEvent, serveWebTransport, type WebTransportServer } from "./http3/server.ts";
import { GatewayHttpServer } from "./http_server.ts";
import type { Log } from "./log.ts";
import { type MetricName, Metrics } from "./metrics.ts";
import { SessionDesk } from "./sessions.ts";
import { UpstreamPool } from "./upstream.ts";
import type { CoreTrust } from "./upstream_connection.ts";

export interface Gateway {
  readonly httpPort: number;
  readonly webTransportPort: number;
  readonly metrics: Metrics;
  /** connections to the core that are ready for calls */
  readonly readyConnections: number;
  /** Resolves when the core can be reached. */
  whenCoreReady(): Promise<void>;
  /** Renews or reloads the certificate if that is due; done every minute by itself. */
  refreshCertificate(): Promise<void>;
  /** Says goodbye to sessions, lets HTTP requests finish for `graceMs` (default 2,000), closes everything. */
  close(graceMs?: number): Promise<void>;
}

export interface GatewayEnvironment {
  log: Log;
  /** milliseconds since 1970 */
  now: () => number;
}

const refreshIntervalMs = 60_000;
/** Close code of sessions when the gateway stops: the client connects again. */
export const drainingCode = 0;
const drainingReason = "gateway shutdown";

const eventMetrics: Record<ConnectionEvent, MetricName | undefined> = {
  accepted: "qpq_gateway_connections_accepted_total",
  refused: "qpq_gateway_connections_refused_total",
  handshakeFailed: "qpq_gateway_handshakes_failed_total",
  closed: undefined,
};

/**
 * Starts everything; the core may be away.
 *
 * @throws ConfigError when a file that the configuration names can not be used; Deno's error when an address can not be bound
 */
export async function startGateway(config: GatewayConfig, { log, now }: GatewayEnvironment): Promise<Gateway> {
  const metrics = new Metrics();
  const trust = await readTrust(config);
  const certificates = await openCertificates(config, now);
  const { hostname, port, connections, silenceMs } = config.core;
  const pool = new UpstreamPool({ core: { hostname, port }, trust, secret: config.gatewaySecret, connections, silenceMs, metrics, log });
  const calls = new CallDesk(pool, config.limits, metrics, log);
  let webTransport: WebTransportServer | undefined;
  let http: GatewayHttpServer | undefined;
  try {
    http = new GatewayHttpServer({
      bind: config.bind,
      port: config.httpPort,
      tls: config.httpTls ? certificates.current : undefined,
      webRoot: config.webRoot,
      publicHost: config.publicHost,
      origins: config.origins,
      bytesPerCall: config.limits.bytesPerCall,
      webTransportPort: () => webTransport?.port ?? config.webTransportPort,
      certificateHashes: () => certificates.hashes,
      calls,
      metrics,
      log,
    });
    const sessions = new SessionDesk(calls, config.limits, http.isOwnOrigin, metrics, log);
    webTransport = serveWebTransport({
      hostname: config.bind,
      port: config.webTransportPort,
      certificate: certificates.current.certificate,
      privateKey: certificates.current.privateKey,
      connectTimeoutMs: config.limits.connectMs,
      authorize: (request) => sessions.authorize(request),
      onSession: (session) => sessions.open(session),
      onEvent: (event) => {
        const metric = eventMetrics[event];
        if (metric) metrics.add(metric);
      },
    });
    return assemble({ config, metrics, pool, certificates, http, webTransport, log });
  } catch (error) {
    pool.close();
    await http?.close(0);
    throw error;
  }
}

interface Parts {
  config: GatewayConfig;
  metrics: Metrics;
  pool: UpstreamPool;
  certificates: CertificateSource;
  http: GatewayHttpServer;
  webTransport: WebTransportServer;
  log: Log;
}

function assemble({ config, metrics, pool, certificates, http, webTransport, log }: Parts): Gateway {
  const refreshCertificate = async () => {
    try {
      const pair = await certificates.refresh();
      if (!pair) return;
      webTransport.replaceCertificate(pair.certificate, pair.privateKey);
      if (config.httpTls) http.replaceCertificate(pair);
      log("info", "certificate-replaced");
    } catch (error) {
      log("error", "certificate-not-replaced", { error: String(error) });
    }
  };
  const refreshTimer = setInterval(refreshCertificate, refreshIntervalMs);
  return {
    httpPort: http.port,
    webTransportPort: webTransport.port,
    metrics,
    get readyConnections() {
      return pool.readyConnections;
    },
    whenCoreReady: () => pool.whenReady(),
    refreshCertificate,
    async close(graceMs = 2_000) {
      clearInterval(refreshTimer);
      await Promise.all([webTransport.close(drainingCode, drainingReason), http.close(graceMs)]);
      pool.close();
    },
  };
}

/** An authority's PEM verifies the core; the pin goes into the admission, and is the only check when there is no PEM. */
async function readTrust({ core }: GatewayConfig): Promise<CoreTrust> {
  if (core.caPath === undefined) return { serverName: core.serverName, pin: core.pin! };
  try {
    const caPem = await Deno.readTextFile(core.caPath);
    return { caPem, serverName: core.serverName, pin: core.pin ?? await certificatePin(caPem) };
  } catch (error) {
    throw new ConfigError("QPQ_CORE_CA", `can not use ${core.caPath}: ${error instanceof Error ? error.message : error}`);
  }
}

async function openCertificates(config: GatewayConfig, now: () => number): Promise<CertificateSource> {
  try {
    return await (config.tls ? CertificateFiles.open(config.tls) : SelfMadeCertificate.open(config.dataDir, now));
  } catch (error) {
    const key = config.tls ? "QPQ_TLS_CERT" : "QPQ_DATA";
    throw new ConfigError(key, error instanceof Error ? error.message : String(error));
  }
}
