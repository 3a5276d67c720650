/** The gateway's configuration: `QPQ_*` environment variables, checked at start. */
import { ConfigError, ConfigReader, minSecretLength } from "../server-common/config.ts";
import { type LogLevel, logLevels } from "../server-common/log.ts";
import { canonicalAddress } from "./client_address.ts";

export interface GatewayLimits {
  /** WebTransport sessions of one client address */
  sessionsPerAddress: number;
  /** calls in progress in one session */
  callsPerSession: number;
  /** calls in progress of one client address, over all its sessions and `/rpc` */
  callsPerAddress: number;
  /** bytes of one call, in the direction of the core */
  bytesPerCall: number;
  /** ms of silence after which a call ends that its caller has not finished and that has no answer yet */
  halfOpenMs: number;
  /** ms for which one side may accept no bytes */
  stallMs: number;
  /** ms for which a new connection may stay without a session */
  connectMs: number;
  /** ms for which a session may stay without a call */
  idleMs: number;
  /** HTTP/3 connections in total */
  connections: number;
  /** HTTP/3 connections of one client address */
  connectionsPerAddress: number;
  /** QUIC handshakes in progress, of all addresses */
  handshakes: number;
  /** … of one client address */
  handshakesPerAddress: number;
  /** MiB of memory above which whoever takes the most is cut off */
  memory: number;
  /**
   * calls of one client address that are accepted each second, over all its sessions and `/rpc`; further
   * calls wait at their sender
   */
  callsPerSecond: number;
  /** calls over `/rpc` a second of one client address, evenly; three seconds' worth at once */
  rpcPerSecond: number;
  /** TCP connections of the HTTP port in total; each takes a file descriptor */
  httpConnections: number;
  /** TCP connections of one client address; those of a trusted proxy are not counted */
  httpConnectionsPerAddress: number;
  /** other HTTP requests a second of one client address, evenly; three seconds' worth at once */
  filesPerSecond: number;
}

export interface GatewayConfig {
  bind: string;
  httpPort: number;
  webTransportPort: number;
  /** the ports that browsers use, where they differ from the bound ones (a container, a router) */
  publicPorts: { http?: number; webTransport?: number };
  /** port of plain HTTP, which redirects to HTTPS and answers ACME challenges */
  redirectPort?: number;
  /** addresses of proxies whose X-Forwarded-For is trusted */
  trustedProxies: string[];
  /** Prometheus metrics; absent: none are served */
  metrics?: { bind: string; port: number };
  webRoot: string;
  dataDir: string;
  /** host name by which browsers reach the gateway from elsewhere */
  publicHost?: string;
  /** origins besides the gateway's own that may open sessions and post calls */
  origins: string[];
  /** PEM files instead of the self-made certificate */
  tls?: { certificatePath: string; privateKeyPath: string };
  /** a certificate from an authority, instead of files */
  acme?: { domain: string; directoryUrl: string; email?: string; caPath?: string };
  /** serve HTTPS with `tls` or `acme`; off behind a proxy that ends TLS */
  httpTls: boolean;
  core: {
    hostname: string;
    port: number;
    serverName: string;
    caPath?: string;
    /** 32 bytes */
    pin?: Uint8Array<ArrayBuffer>;
    connections: number;
    /** ms of silence after which a connection to the core counts as lost */
    silenceMs: number;
  };
  gatewaySecret: Uint8Array<ArrayBuffer>;
  limits: GatewayLimits;
  logLevel: LogLevel;
}

/** ACME directories by short name. */
const acmeDirectories: Record<string, string> = {
  letsencrypt: "https://acme-v02.api.letsencrypt.org/directory",
  staging: "https://acme-staging-v02.api.letsencrypt.org/directory",
};
/**
 * A killed core sends nothing. On the same machine no packets are lost, so a shorter silence counts as its
 * end.
 */
const silenceMs = { elsewhere: 4_000, sameMachine: 2_000 };

/**
 * Reads and checks the whole configuration.
 *
 * @param env looks up one variable
 * @param readFile reads a small text file (`QPQ_GATEWAY_SECRET_FILE`)
 * @throws ConfigError
 */
export function readConfig(
  env: (key: string) => string | undefined,
  readFile: (path: string) => string,
): GatewayConfig {
  const reader = new ConfigReader<string>((key) => env(key)?.trim() || undefined, readFile);
  const text = (key: string) => reader.text(key);
  const integer = (key: string, fallback: number, min: number, max: number) => reader.integer(key, fallback, min, max);

  const certificatePath = text("QPQ_TLS_CERT");
  const privateKeyPath = text("QPQ_TLS_KEY");
  if (certificatePath && !privateKeyPath) throw new ConfigError("QPQ_TLS_KEY", "needed beside QPQ_TLS_CERT");
  if (privateKeyPath && !certificatePath) throw new ConfigError("QPQ_TLS_CERT", "needed beside QPQ_TLS_KEY");
  const tls = certificatePath && privateKeyPath ? { certificatePath, privateKeyPath } : undefined;

  const domain = readDomain(text("QPQ_DOMAIN"));
  const acme = domain !== undefined && tls === undefined
    ? {
      domain,
      directoryUrl: readDirectory(text("QPQ_ACME_DIRECTORY") ?? "letsencrypt"),
      email: text("QPQ_ACME_EMAIL"),
      caPath: text("QPQ_ACME_CA"),
    }
    : undefined;
  const metricsPort = reader.optionalPort("QPQ_GATEWAY_METRICS_PORT");
  const core = readCoreAddress(text("QPQ_CORE_ADDR") ?? "127.0.0.1:7443");

  const caPath = text("QPQ_CORE_CA");
  const pin = readPin(text("QPQ_CORE_PIN"));
  if (!caPath && !pin) {
    throw new ConfigError(
      "QPQ_CORE_PIN",
      "QPQ_CORE_PIN (64 hex digits, printed by the core) or QPQ_CORE_CA (a PEM file) is needed",
    );
  }

  return {
    bind: reader.bindAddress("QPQ_BIND", domain === undefined ? "127.0.0.1" : "0.0.0.0"),
    httpPort: integer("QPQ_HTTP_PORT", domain === undefined ? 8080 : 443, 0, 65535),
    webTransportPort: integer("QPQ_WT_PORT", domain === undefined ? 4433 : 443, 0, 65535),
    publicPorts: {
      http: reader.optionalPort("QPQ_HTTP_PUBLIC_PORT"),
      webTransport: reader.optionalPort("QPQ_WT_PUBLIC_PORT"),
    },
    redirectPort: reader.optionalPort("QPQ_REDIRECT_PORT") ?? (acme === undefined ? undefined : 80),
    trustedProxies: readProxies(text("QPQ_TRUST_PROXY")),
    metrics: metricsPort === undefined ? undefined : {
      bind: reader.bindAddress("QPQ_GATEWAY_METRICS_BIND", "127.0.0.1"),
      port: metricsPort,
    },
    webRoot: text("QPQ_WEB_ROOT") ?? "dist/web",
    dataDir: text("QPQ_DATA") ?? "data/gateway",
    publicHost: readPublicHost(text("QPQ_PUBLIC_HOST")) ?? domain,
    origins: readOrigins(text("QPQ_ORIGINS")),
    tls,
    acme,
    httpTls: (tls !== undefined || acme !== undefined) && reader.choice("QPQ_HTTP_TLS", ["on", "off"], "on") === "on",
    core: {
      ...core,
      serverName: text("QPQ_CORE_NAME") ?? "localhost",
      caPath,
      pin,
      connections: integer("QPQ_CORE_CONNECTIONS", 4, 1, 16),
      silenceMs: integer(
        "QPQ_CORE_SILENCE_MS",
        isSameMachine(core.hostname) ? silenceMs.sameMachine : silenceMs.elsewhere,
        100,
        600_000,
      ),
    },
    gatewaySecret: readSecret(reader),
    limits: {
      sessionsPerAddress: integer("QPQ_LIMIT_SESSIONS_PER_ADDRESS", 64, 1, 1_000_000),
      callsPerSession: integer("QPQ_LIMIT_CALLS_PER_SESSION", 112, 1, 1_000),
      callsPerAddress: integer("QPQ_LIMIT_CALLS_PER_ADDRESS", 1_024, 1, 1_000_000),
      bytesPerCall: integer("QPQ_LIMIT_BYTES_PER_CALL", 20 * 1024 * 1024, 1, 2 ** 40),
      halfOpenMs: integer("QPQ_LIMIT_HALF_OPEN_MS", 30_000, 1, 86_400_000),
      stallMs: integer("QPQ_LIMIT_STALL_MS", 60_000, 1, 86_400_000),
      connectMs: integer("QPQ_LIMIT_CONNECT_MS", 5_000, 1, 86_400_000),
      idleMs: integer("QPQ_LIMIT_IDLE_MS", 600_000, 1, 86_400_000),
      connections: integer("QPQ_LIMIT_CONNECTIONS", 4_096, 1, 1_000_000),
      connectionsPerAddress: integer("QPQ_LIMIT_CONNECTIONS_PER_ADDRESS", 64, 1, 1_000_000),
      handshakes: integer("QPQ_LIMIT_HANDSHAKES", 1_024, 1, 1_000_000),
      handshakesPerAddress: integer("QPQ_LIMIT_HANDSHAKES_PER_ADDRESS", 48, 1, 1_000_000),
      memory: integer("QPQ_LIMIT_MEMORY", 768, 1, 1_000_000),
      callsPerSecond: integer("QPQ_LIMIT_CALLS_PER_SECOND", 100, 1, 1_000_000),
      rpcPerSecond: integer("QPQ_LIMIT_RPC_PER_SECOND", 100, 1, 1_000_000),
      httpConnections: integer("QPQ_LIMIT_HTTP_CONNECTIONS", 768, 16, 1_000_000),
      httpConnectionsPerAddress: integer("QPQ_LIMIT_HTTP_CONNECTIONS_PER_ADDRESS", 512, 1, 1_000_000),
      filesPerSecond: integer("QPQ_LIMIT_FILES_PER_SECOND", 200, 1, 1_000_000),
    },
    logLevel: reader.choice("QPQ_LOG", logLevels, "info"),
  };
}

function isSameMachine(hostname: string): boolean {
  return hostname === "localhost" || hostname === "::1" || /^127\./.test(hostname);
}

function readDomain(value: string | undefined): string | undefined {
  if (value !== undefined && !/^(?:[a-z0-9-]+\.)*[a-z0-9-]+$/.test(value)) {
    throw new ConfigError("QPQ_DOMAIN", "a host name in lower case without scheme and port is needed");
  }
  return value;
}

function readDirectory(value: string): string {
  const url = acmeDirectories[value] ?? value;
  if (!URL.canParse(url) || new URL(url).protocol !== "https:") {
    throw new ConfigError("QPQ_ACME_DIRECTORY", "letsencrypt, staging or the https:// URL of a directory is needed");
  }
  return url;
}

function readProxies(value: string | undefined): string[] {
  const proxies = value?.split(/[\s,]+/).filter((proxy) => proxy !== "") ?? [];
  return proxies.map((proxy) => {
    const address = canonicalAddress(proxy);
    if (address === undefined) throw new ConfigError("QPQ_TRUST_PROXY", `"${proxy}" is no IP address of a proxy`);
    return address;
  });
}

function readPublicHost(value: string | undefined): string | undefined {
  if (value !== undefined && !/^(?:[a-z0-9-]+\.)*[a-z0-9-]+$|^\[[0-9a-f:]+\]$/.test(value)) {
    throw new ConfigError("QPQ_PUBLIC_HOST", "a host name in lower case without scheme and port is needed");
  }
  return value;
}

function readOrigins(value: string | undefined): string[] {
  const origins = value?.split(/[\s,]+/).filter((origin) => origin !== "") ?? [];
  for (const origin of origins) {
    if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
      throw new ConfigError("QPQ_ORIGINS", `"${origin}" is no origin such as https://chat.example.org`);
    }
  }
  return origins;
}

function readCoreAddress(value: string): { hostname: string; port: number } {
  const match = value.match(/^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):(\d{1,5})$/);
  const port = Number(match?.[2]);
  if (!match || port < 1 || port > 65535) {
    throw new ConfigError("QPQ_CORE_ADDR", "host:port is needed, e.g. 127.0.0.1:7443 or [::1]:7443");
  }
  return { hostname: match[1].replace(/^\[|\]$/g, ""), port };
}

function readPin(value: string | undefined): Uint8Array<ArrayBuffer> | undefined {
  if (value === undefined) return undefined;
  if (!/^[0-9a-fA-F]{64}$/.test(value)) {
    throw new ConfigError("QPQ_CORE_PIN", "64 hex digits are needed, as the core prints them");
  }
  return Uint8Array.from(value.match(/../g)!, (digits) => parseInt(digits, 16));
}

function readSecret(reader: ConfigReader<string>): Uint8Array<ArrayBuffer> {
  const secret = reader.secret("QPQ_GATEWAY_SECRET", minSecretLength);
  if (secret === undefined) throw new ConfigError("QPQ_GATEWAY_SECRET", "the core's secret is needed");
  return new TextEncoder().encode(secret);
}
