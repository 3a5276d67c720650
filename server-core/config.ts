/** The server's configuration: `QPQ_*` environment variables, and `qpq-server.toml` for those that are not set. */

import { parse } from "smol-toml";
import type { BlobLimits } from "./delivery/dependencies.ts";
import { type LogLevel, logLevels } from "../server-common/log.ts";

type Bytes = Uint8Array<ArrayBuffer>;

export interface ServerConfig {
  /** `QPQ_LISTEN`. */
  listen: { hostname: string; port: number };
  /** `QPQ_DATA`. */
  dataDir: string;
  /** `QPQ_DB_KEY` or `QPQ_DB_KEY_FILE`: SQLCipher passphrase. */
  dbKey?: string;
  /** `QPQ_CORE_CERT` and `QPQ_CORE_KEY`: PEM files; absent: self-made. */
  certificate?: { certificate: string; key: string };
  /** `QPQ_GATEWAY_SECRET` or `QPQ_GATEWAY_SECRET_FILE`: its UTF-8 bytes. */
  gatewaySecret?: Bytes;
  /** `QPQ_AUTH_TOKEN` or `QPQ_AUTH_TOKEN_FILE`: the operator's static token. */
  authToken?: string;
  /** `QPQ_REGISTRATION`. */
  registration: "open" | "invite" | "closed";
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
  /** `QPQ_MAX_CONNECTIONS`. */
  maxConnections: number;
  /** `QPQ_LOG`. */
  logLevel: LogLevel;
  /** `QPQ_METRICS_PORT`, `QPQ_METRICS_BIND` (an IP address): Prometheus metrics; absent: none are served. */
  metrics?: { bind: string; port: number };
}

/** A value can not be used; the message names its key. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";

  constructor(key: string, problem: string) {
    super(`${key}: ${problem}`);
  }
}

/** Every key, and what it is. */
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
  "QPQ_OPAQUE_PER_IP_PER_MINUTE",
  "QPQ_OPAQUE_PER_ACCOUNT_PER_MINUTE",
  "QPQ_CALLS_PER_IP_PER_SECOND",
  "QPQ_CALLS_PER_ACCOUNT_PER_SECOND",
  "QPQ_QUEUE_DAYS",
  "QPQ_BLOB_MAX",
  "QPQ_BLOB_QUOTA",
  "QPQ_BLOB_TTL_DAYS",
  "QPQ_MAX_CONNECTIONS",
  "QPQ_LOG",
  "QPQ_METRICS_PORT",
  "QPQ_METRICS_BIND",
] as const;

type Key = typeof keys[number];

/** A secret shorter than this could be guessed. */
const minSecretLength = 32;

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
  const certificate = values.get("QPQ_CORE_CERT");
  const key = values.get("QPQ_CORE_KEY");
  if ((certificate === undefined) !== (key === undefined)) {
    throw new ConfigError(
      certificate ? "QPQ_CORE_KEY" : "QPQ_CORE_CERT",
      "QPQ_CORE_CERT and QPQ_CORE_KEY are set both or none",
    );
  }
  const dbKey = secret(values, "QPQ_DB_KEY", sources, 1);
  const gatewaySecret = secret(values, "QPQ_GATEWAY_SECRET", sources, minSecretLength);
  const authToken = secret(values, "QPQ_AUTH_TOKEN", sources, minSecretLength);
  const megabyte = 1024 * 1024;
  return {
    listen: address(values.get("QPQ_LISTEN") ?? "127.0.0.1:7443"),
    dataDir: values.get("QPQ_DATA") ?? "./data/core",
    ...(dbKey !== undefined && { dbKey }),
    ...(certificate !== undefined && { certificate: { certificate, key: key! } }),
    ...(gatewaySecret !== undefined && { gatewaySecret: new TextEncoder().encode(gatewaySecret) as Bytes }),
    ...(authToken !== undefined && { authToken }),
    registration: choice(values, "QPQ_REGISTRATION", ["open", "invite", "closed"], "open"),
    opaquePerIpPerMinute: integer(values, "QPQ_OPAQUE_PER_IP_PER_MINUTE", 30, 1, 1_000_000),
    opaquePerAccountPerMinute: integer(values, "QPQ_OPAQUE_PER_ACCOUNT_PER_MINUTE", 10, 1, 1_000_000),
    callsPerIpPerSecond: integer(values, "QPQ_CALLS_PER_IP_PER_SECOND", 100, 1, 1_000_000),
    callsPerAccountPerSecond: integer(values, "QPQ_CALLS_PER_ACCOUNT_PER_SECOND", 100, 1, 1_000_000),
    queueAgeMs: integer(values, "QPQ_QUEUE_DAYS", 90, 1, 3650) * 24 * 3600 * 1000,
    blobs: {
      maxBytes: integer(values, "QPQ_BLOB_MAX", 25 * megabyte, 1, 2 ** 40),
      quotaBytes: integer(values, "QPQ_BLOB_QUOTA", 500 * megabyte, 0, 2 ** 50),
      ttlMs: integer(values, "QPQ_BLOB_TTL_DAYS", 30, 1, 3650) * 24 * 3600 * 1000,
    },
    maxConnections: integer(values, "QPQ_MAX_CONNECTIONS", 10_000, 1, 1_000_000),
    logLevel: choice(values, "QPQ_LOG", logLevels, "info"),
    ...(values.has("QPQ_METRICS_PORT") &&
      {
        metrics: {
          bind: bindAddress(values, "QPQ_METRICS_BIND", "127.0.0.1"),
          port: integer(values, "QPQ_METRICS_PORT", 0, 0, 65_535),
        },
      }),
  };
}

/** The environment goes before the file. */
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

function address(text: string): { hostname: string; port: number } {
  const [, v6, other, port] = text.match(/^(?:\[([0-9a-fA-F:.]+)\]|([^:\s]+)):(\d{1,5})$/) ?? [];
  if (port === undefined || Number(port) > 65_535) throw new ConfigError("QPQ_LISTEN", "HOST:PORT or [IPv6]:PORT");
  return { hostname: v6 ?? other, port: Number(port) };
}

function bindAddress(values: Map<Key, string>, key: Key, fallback: string): string {
  const value = values.get(key) ?? fallback;
  if (!/^[0-9a-fA-F:.]+$/.test(value)) throw new ConfigError(key, "an IP address");
  return value;
}

function integer(values: Map<Key, string>, key: Key, fallback: number, least: number, most: number): number {
  const text = values.get(key) ?? String(fallback);
  const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  if (!(value >= least && value <= most)) throw new ConfigError(key, `an integer from ${least} to ${most}`);
  return value;
}

function choice<T extends string>(values: Map<Key, string>, key: Key, choices: readonly T[], fallback: T): T {
  const value = values.get(key) ?? fallback;
  const found = choices.find((choice) => choice === value);
  if (found === undefined) throw new ConfigError(key, `one of ${choices.join(", ")}`);
  return found;
}

/** A secret is given itself or by the file that holds it; its value never stands in an error. */
function secret(
  values: Map<Key, string>,
  key: Key & `QPQ_${"DB_KEY" | "GATEWAY_SECRET" | "AUTH_TOKEN"}`,
  { readFile }: ConfigSources,
  minLength: number,
): string | undefined {
  const path = values.get(`${key}_FILE`);
  if (path !== undefined && values.has(key)) throw new ConfigError(key, `set either ${key} or ${key}_FILE`);
  let value = values.get(key);
  if (path !== undefined) {
    try {
      value = readFile(path).trim();
    } catch (error) {
      throw new ConfigError(`${key}_FILE`, `can not be read: ${(error as Error).message}`);
    }
  }
  if (value !== undefined && value.length < minLength) {
    throw new ConfigError(path === undefined ? key : `${key}_FILE`, `at least ${minLength} characters`);
  }
  return value;
}
