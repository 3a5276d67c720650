/** The server's configuration: `QPQ_*` environment variables, and `qpq-server.toml` for those that are not set. */

import { parse } from "smol-toml";
import type { Bytes } from "../schema/bytes.ts";
import type { BlobLimits } from "./delivery/dependencies.ts";
import { ConfigError, ConfigReader, isDamaged, minSecretLength, ownAddress } from "../server-common/config.ts";
import { type LogLevel, logLevels } from "../server-common/log.ts";

export interface ServerConfig {
  /** `QPQ_LISTEN`. */
  listen: { hostname: string; port: number };
  /** `QPQ_DATA`. */
  dataDir: string;
  /** `QPQ_DB_KEY` or `QPQ_DB_KEY_FILE`: SQLCipher passphrase. */
  dbKey?: string;
  /** The name of that key, where its text is not UTF-8 (storage/database_key.ts). */
  damagedKey?: string;
  /** `QPQ_CORE_CERT` and `QPQ_CORE_KEY`: PEM files; absent: self-made. */
  certificate?: { certificate: string; key: string };
  /** `QPQ_GATEWAY_SECRET` or `QPQ_GATEWAY_SECRET_FILE`: its UTF-8 bytes. */
  gatewaySecret?: Bytes;
  /** `QPQ_AUTH_TOKEN` or `QPQ_AUTH_TOKEN_FILE`: the operator's static token. */
  authToken?: string;
  /** `QPQ_REGISTRATION`. */
  registration: "open" | "invite" | "closed";
  /** `QPQ_DIRECTORY_PREFIX`: whether people are found by the beginning of their names. */
  directoryPrefix: boolean;
  /** `QPQ_OPAQUE_PER_IP_PER_MINUTE`. */
  opaquePerIpPerMinute: number;
  /** `QPQ_OPAQUE_PER_ACCOUNT_PER_MINUTE`. */
  opaquePerAccountPerMinute: number;
  /** `QPQ_CALLS_PER_IP_PER_SECOND`. */
  callsPerIpPerSecond: number;
  /** `QPQ_CALLS_PER_ACCOUNT_PER_SECOND`. */
  callsPerAccountPerSecond: number;
  /** `QPQ_QUEUE_DAYS`, ms: how long a message waits for a device. */
  queueAgeMs: number;
  /** `QPQ_BLOB_MAX`, `QPQ_BLOB_QUOTA` (bytes), `QPQ_BLOB_TTL_DAYS`. */
  blobs: BlobLimits;
  /** `QPQ_DISK_RESERVE`: percent of the disk that stay free (disk_space.ts); 0: any. */
  diskReservePercent: number;
  /** `QPQ_MAX_CONNECTIONS`. */
  maxConnections: number;
  /** `QPQ_CONNECTIONS_PER_IP`: of clients at once, from one IPv4 address or IPv6 /64. */
  connectionsPerIp: number;
  /** `QPQ_CORE_MEMORY`, bytes: what the process may have. */
  memoryBytes: number;
  /** `QPQ_LOG`. */
  logLevel: LogLevel;
  /** `QPQ_GATEWAY_METRICS`: HOST:PORT of the gateway's metrics, of which `status` asks for its certificate. */
  gatewayMetrics?: string;
  /** `QPQ_METRICS_PORT`, `QPQ_METRICS_BIND` (an IP address): Prometheus metrics; absent: none are served. */
  metrics?: { bind: string; port: number };
}

/** All keys. ServerConfig describes them. */
const keys = [
  "QPQ_LISTEN",
  "QPQ_DATA",
  "QPQ_DB_KEY",
  "QPQ_DB_KEY_FILE",
  "QPQ_CORE_CERT",
  "QPQ_CORE_KEY",
  "QPQ_GATEWAY_SECRET",
  "QPQ_GATEWAY_SECRET_FILE",
  "QPQ_AUTH_TOKEN",
  "QPQ_AUTH_TOKEN_FILE",
  "QPQ_REGISTRATION",
  "QPQ_DIRECTORY_PREFIX",
  "QPQ_OPAQUE_PER_IP_PER_MINUTE",
  "QPQ_OPAQUE_PER_ACCOUNT_PER_MINUTE",
  "QPQ_CALLS_PER_IP_PER_SECOND",
  "QPQ_CALLS_PER_ACCOUNT_PER_SECOND",
  "QPQ_QUEUE_DAYS",
  "QPQ_BLOB_MAX",
  "QPQ_BLOB_QUOTA",
  "QPQ_BLOB_TTL_DAYS",
  "QPQ_DISK_RESERVE",
  "QPQ_MAX_CONNECTIONS",
  "QPQ_CONNECTIONS_PER_IP",
  "QPQ_CORE_MEMORY",
  "QPQ_LOG",
  "QPQ_METRICS_PORT",
  "QPQ_METRICS_BIND",
  "QPQ_GATEWAY_METRICS",
] as const;

type Key = typeof keys[number];

export interface ConfigSources {
  env(key: string): string | undefined;
  /** Reads a small text file; throws when it can not. */
  readFile(path: string): string;
  /**
   * The text of `qpq-server.toml`, if there is one. Its keys are those of the environment in lower case
   * without `QPQ_`.
   */
  toml?: string;
}

/**
 * Reads and checks the whole configuration.
 *
 * @throws ConfigError
 */
export function readConfig(sources: ConfigSources): ServerConfig {
  const values = valuesOf(sources);
  const reader = new ConfigReader<Key>((key) => values.get(key), sources.readFile);
  const certificate = readCertificate(reader);
  const dbKey = reader.storedSecret("QPQ_DB_KEY", 1);
  const gatewaySecret = reader.secret("QPQ_GATEWAY_SECRET", minSecretLength);
  const authToken = reader.secret("QPQ_AUTH_TOKEN", minSecretLength);
  const metricsPort = reader.optionalPort("QPQ_METRICS_PORT");
  const gatewayMetrics = readPlace(reader, "QPQ_GATEWAY_METRICS");
  const megabyte = 1024 * 1024;
  return {
    listen: readListenAddress(reader.text("QPQ_LISTEN") ?? "127.0.0.1:7443"),
    dataDir: reader.text("QPQ_DATA") ?? "./data/core",
    ...(dbKey && { dbKey: dbKey.text, ...(isDamaged(dbKey.text) && { damagedKey: dbKey.from }) }),
    ...(certificate && { certificate }),
    ...(gatewaySecret !== undefined && { gatewaySecret: new TextEncoder().encode(gatewaySecret) as Bytes }),
    ...(authToken !== undefined && { authToken }),
    registration: reader.choice("QPQ_REGISTRATION", ["open", "invite", "closed"], "open"),
    directoryPrefix: reader.choice("QPQ_DIRECTORY_PREFIX", ["off", "on"], "off") === "on",
    opaquePerIpPerMinute: reader.integer("QPQ_OPAQUE_PER_IP_PER_MINUTE", 30, 1, 1_000_000),
    opaquePerAccountPerMinute: reader.integer("QPQ_OPAQUE_PER_ACCOUNT_PER_MINUTE", 10, 1, 1_000_000),
    callsPerIpPerSecond: reader.integer("QPQ_CALLS_PER_IP_PER_SECOND", 100, 1, 1_000_000),
    callsPerAccountPerSecond: reader.integer("QPQ_CALLS_PER_ACCOUNT_PER_SECOND", 100, 1, 1_000_000),
    queueAgeMs: reader.integer("QPQ_QUEUE_DAYS", 90, 1, 3650) * 24 * 3600 * 1000,
    blobs: {
      maxBytes: reader.integer("QPQ_BLOB_MAX", 512 * megabyte, 1, 2 ** 40),
      quotaBytes: reader.integer("QPQ_BLOB_QUOTA", 2000 * megabyte, 0, 2 ** 50),
      ttlMs: reader.integer("QPQ_BLOB_TTL_DAYS", 30, 1, 3650) * 24 * 3600 * 1000,
    },
    diskReservePercent: reader.integer("QPQ_DISK_RESERVE", 5, 0, 100),
    maxConnections: reader.integer("QPQ_MAX_CONNECTIONS", 10_000, 1, 1_000_000),
    connectionsPerIp: reader.integer("QPQ_CONNECTIONS_PER_IP", 64, 1, 1_000_000),
    memoryBytes: readMemory(reader, "QPQ_CORE_MEMORY", "2g"),
    logLevel: reader.choice("QPQ_LOG", logLevels, "info"),
    ...(gatewayMetrics !== undefined && { gatewayMetrics }),
    ...(metricsPort !== undefined &&
      { metrics: { bind: reader.bindAddress("QPQ_METRICS_BIND", "127.0.0.1"), port: metricsPort } }),
  };
}

function readCertificate(reader: ConfigReader<Key>): { certificate: string; key: string } | undefined {
  const certificate = reader.text("QPQ_CORE_CERT");
  const key = reader.text("QPQ_CORE_KEY");
  if (certificate !== undefined && key !== undefined) return { certificate, key };
  if (certificate === undefined && key === undefined) return undefined;
  throw new ConfigError(
    certificate === undefined ? "QPQ_CORE_CERT" : "QPQ_CORE_KEY",
    "QPQ_CORE_CERT and QPQ_CORE_KEY are set both or none",
  );
}

/** A value of the environment overrides the file. */
function valuesOf({ env, toml }: ConfigSources): Map<Key, string> {
  const values = new Map<Key, string>();
  for (const [name, value] of Object.entries(toml === undefined ? {} : parseToml(toml))) {
    const key = keys.find((key) => key === `QPQ_${name.toUpperCase()}`);
    if (!key || name !== name.toLowerCase()) throw new ConfigError("qpq-server.toml", `unknown key ${name}`);
    if (typeof value !== "string" && typeof value !== "number") {
      throw new ConfigError("qpq-server.toml", `${name}: a string or an integer`);
    }
    values.set(key, String(value));
  }
  for (const key of keys) {
    const value = env(key);
    if (value !== undefined && value !== "") values.set(key, value);
  }
  return values;
}

function parseToml(text: string): Record<string, unknown> {
  try {
    return parse(text);
  } catch (error) {
    throw new ConfigError("qpq-server.toml", (error as Error).message.split("\n")[0]);
  }
}

/** As Docker writes it: a number of bytes, or with b, k, m or g. The core needs 128 MiB without users. */
function readMemory(reader: ConfigReader<Key>, key: Key, fallback: string): number {
  const text = reader.text(key) ?? fallback;
  const [, digits, unit] = text.toLowerCase().match(/^(\d{1,12})([bkmg]?)$/) ?? [];
  const bytes = Number(digits) * 1024 ** Math.max(0, "bkmg".indexOf(unit));
  if (!(bytes >= 128 * 1024 ** 2)) throw new ConfigError(key, "128m or more is needed, as in 512m or 2g");
  return bytes;
}

/** @returns HOST:PORT of another server, as in a URL; undefined when the key is not set */
function readPlace(reader: ConfigReader<Key>, key: Key): string | undefined {
  const place = reader.text(key);
  const [, port] = place?.match(/^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):(\d{1,5})$/) ?? [];
  if (place !== undefined && !(Number(port) >= 1 && Number(port) <= 65_535)) {
    throw new ConfigError(key, "HOST:PORT is needed, such as 127.0.0.1:9465");
  }
  return place;
}

function readListenAddress(text: string): { hostname: string; port: number } {
  const [, v6, other, port] = text.match(/^(?:\[([0-9a-fA-F:.]+)\]|([^:\s]+)):(\d{1,5})$/) ?? [];
  const hostname = ownAddress(v6 ?? other ?? "");
  if (hostname === undefined || Number(port) > 65_535) {
    throw new ConfigError(
      "QPQ_LISTEN",
      "ADDRESS:PORT is needed, with an IP address or localhost and a port up to 65535, such as 127.0.0.1:7443 or " +
        "[::1]:7443",
    );
  }
  return { hostname, port: Number(port) };
}
