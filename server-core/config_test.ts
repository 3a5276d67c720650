import assert from "node:assert/strict";
import { ConfigError } from "../server-common/config.ts";
import { readConfig } from "./config.ts";

const secret = "x".repeat(32);

function read(env: Record<string, string>, toml?: string, files: Record<string, string> = {}) {
  return readConfig({
    env: (key) => env[key],
    toml,
    readFile: (path) => {
      if (!(path in files)) throw new Error("no such file");
      return files[path];
    },
  });
}

Deno.test("readConfig() gives the defaults when nothing is set", () => {
  assert.deepEqual(read({}), {
    listen: { hostname: "127.0.0.1", port: 7443 },
    dataDir: "./data/core",
    registration: "open",
    directoryPrefix: false,
    opaquePerIpPerMinute: 30,
    opaquePerAccountPerMinute: 10,
    callsPerIpPerSecond: 100,
    callsPerAccountPerSecond: 100,
    queueAgeMs: 7_776_000_000,
    blobs: { maxBytes: 536_870_912, quotaBytes: 2_097_152_000, ttlMs: 2_592_000_000 },
    diskReservePercent: 5,
    maxConnections: 10_000,
    connectionsPerIp: 64,
    memoryBytes: 2 * 1024 ** 3,
    logLevel: "info",
  });
});

Deno.test("readConfig() reads the file, and the environment overrides it", () => {
  const config = read({ QPQ_LISTEN: "[::1]:9000" }, `listen = "0.0.0.0:1"\nblob_max = 1000\nregistration = "closed"\n`);
  assert.deepEqual(config.listen, { hostname: "::1", port: 9000 });
  assert.equal(config.blobs.maxBytes, 1000);
  assert.equal(config.registration, "closed");
});

Deno.test("readConfig() serves metrics if a port is given, on the loopback unless an address is given", () => {
  assert.equal(read({ QPQ_METRICS_BIND: "0.0.0.0" }).metrics, undefined);
  assert.deepEqual(read({ QPQ_METRICS_PORT: "9464" }).metrics, { bind: "127.0.0.1", port: 9464 });
  assert.deepEqual(read({ QPQ_METRICS_PORT: "9464", QPQ_METRICS_BIND: "::" }).metrics, { bind: "::", port: 9464 });
});

Deno.test("SERVERS 3: readConfig() reads the memory as Docker writes it", () => {
  const bytes = (text: string) => read({ QPQ_CORE_MEMORY: text }).memoryBytes;
  assert.deepEqual(["512m", "3G", "268435456", "268435456b", "524288k"].map(bytes), [
    512 * 1024 ** 2,
    3 * 1024 ** 3,
    256 * 1024 ** 2,
    256 * 1024 ** 2,
    512 * 1024 ** 2,
  ]);
});

Deno.test("readConfig() reads secrets from files, without the line end", () => {
  const config = read({ QPQ_DB_KEY_FILE: "/run/key", QPQ_GATEWAY_SECRET_FILE: "/run/gateway" }, undefined, {
    "/run/key": "abc\n",
    "/run/gateway": `${secret}\n`,
  });
  assert.equal(config.dbKey, "abc");
  assert.deepEqual(config.gatewaySecret, new TextEncoder().encode(secret));
});

Deno.test("readConfig() names the key of every invalid value, and never quotes a secret", () => {
  const wrong: [Record<string, string>, string?][] = [
    [{ QPQ_LISTEN: "localhost" }],
    [{ QPQ_LISTEN: "chat.example.org:7443" }],
    [{ QPQ_LISTEN: "127.0.0.1:70000" }],
    [{ QPQ_REGISTRATION: "maybe" }],
    [{ QPQ_DISK_RESERVE: "101" }],
    [{ QPQ_DISK_RESERVE: "5%" }],
    [{ QPQ_BLOB_MAX: "25MB" }],
    [{ QPQ_BLOB_TTL_DAYS: "0" }],
    [{ QPQ_LOG: "loud" }],
    [{ QPQ_CONNECTIONS_PER_IP: "0" }],
    [{ QPQ_CORE_MEMORY: "64m" }],
    [{ QPQ_CORE_MEMORY: "2 GB" }],
    [{ QPQ_METRICS_PORT: "65536" }],
    [{ QPQ_METRICS_PORT: "1", QPQ_METRICS_BIND: "here" }, "QPQ_METRICS_BIND"],
    [{ QPQ_CORE_CERT: "a.pem" }, "QPQ_CORE_KEY"],
    [{ QPQ_CORE_KEY: "a.pem" }, "QPQ_CORE_CERT"],
    [{ QPQ_GATEWAY_SECRET: "short-secret" }],
    [{ QPQ_AUTH_TOKEN: "short-token" }],
    [{ QPQ_DB_KEY: "a", QPQ_DB_KEY_FILE: "b" }],
    [{ QPQ_DB_KEY_FILE: "/nowhere" }],
  ];
  for (const [env, key = Object.keys(env)[0]] of wrong) {
    assert.throws(
      () => read(env),
      (error) => error instanceof ConfigError && error.message.startsWith(`${key}: `) && !/short-/.test(error.message),
      key,
    );
  }
  for (const toml of ["lissten = 1", "listen = ", "blobs = { max = 1 }", 'LISTEN = "a:1"']) {
    assert.throws(() => read({}, toml), /^ConfigError: qpq-server.toml: /);
  }
});
