import assert from "node:assert/strict";
import { ConfigError } from "../server-common/config.ts";
import { readConfig } from "./config.ts";

const minimal = { QPQ_CORE_PIN: "ab".repeat(32), QPQ_GATEWAY_SECRET: "s".repeat(32) };

function read(env: Record<string, string>, files: Record<string, string> = {}) {
  return readConfig((key) => env[key], (path) => files[path] ?? assert.fail("no such file"));
}

Deno.test("readConfig() fills in defaults", () => {
  const config = read(minimal);
  assert.equal(config.bind, "127.0.0.1");
  assert.deepEqual([config.httpPort, config.webTransportPort], [8080, 4433]);
  assert.deepEqual([config.core.hostname, config.core.port, config.core.serverName], ["127.0.0.1", 7443, "localhost"]);
  assert.equal(config.core.pin?.length, 32);
  assert.deepEqual([config.limits.sessionsPerAddress, config.limits.callsPerSession, config.limits.bytesPerCall], [
    64,
    256,
    20 * 1024 * 1024,
  ]);
});

Deno.test("readConfig() derives a public server from its domain, and prefers certificate files to an authority", () => {
  const config = read({
    ...minimal,
    QPQ_DOMAIN: "chat.example",
    QPQ_ACME_DIRECTORY: "staging",
    QPQ_TRUST_PROXY: "10.0.0.1 ::1",
  });
  assert.deepEqual([
    config.bind,
    config.httpPort,
    config.webTransportPort,
    config.redirectPort,
    config.publicHost,
    config.httpTls,
  ], ["0.0.0.0", 443, 443, 80, "chat.example", true]);
  assert.equal(config.acme?.directoryUrl, "https://acme-staging-v02.api.letsencrypt.org/directory");
  assert.deepEqual(config.trustedProxies, ["10.0.0.1", "::1"]);
  const files = read({ ...minimal, QPQ_DOMAIN: "chat.example", QPQ_TLS_CERT: "c.pem", QPQ_TLS_KEY: "k.pem" });
  assert.deepEqual([files.acme, files.publicHost, files.redirectPort], [undefined, "chat.example", undefined]);
});

Deno.test("readConfig() allows a core on this machine less silence", () => {
  assert.deepEqual(
    ["127.0.0.1:1", "[::1]:1", "localhost:1", "core:1", "10.0.0.2:1"].map((QPQ_CORE_ADDR) =>
      read({ ...minimal, QPQ_CORE_ADDR }).core.silenceMs
    ),
    [2_000, 2_000, 2_000, 4_000, 4_000],
  );
});

Deno.test("readConfig() reads the secret from a file and an IPv6 core", () => {
  const config = read({ QPQ_CORE_CA: "ca.pem", QPQ_CORE_ADDR: "[::1]:99", QPQ_GATEWAY_SECRET_FILE: "secret" }, {
    secret: `${"x".repeat(40)}\n`,
  });
  assert.equal(config.gatewaySecret.length, 40);
  assert.deepEqual([config.core.hostname, config.core.port], ["::1", 99]);
});

Deno.test("readConfig() names the key of every invalid value", () => {
  const faults: [string, Record<string, string>][] = [
    ["QPQ_HTTP_PORT", { QPQ_HTTP_PORT: "80a" }],
    ["QPQ_WT_PORT", { QPQ_WT_PORT: "65536" }],
    ["QPQ_BIND", { QPQ_BIND: "everywhere" }],
    ["QPQ_PUBLIC_HOST", { QPQ_PUBLIC_HOST: "https://chat.example" }],
    ["QPQ_ORIGINS", { QPQ_ORIGINS: "https://a.example/, https://b.example" }],
    ["QPQ_TLS_KEY", { QPQ_TLS_CERT: "c.pem" }],
    ["QPQ_TLS_CERT", { QPQ_TLS_KEY: "k.pem" }],
    ["QPQ_CORE_ADDR", { QPQ_CORE_ADDR: "core" }],
    ["QPQ_CORE_PIN", { QPQ_CORE_PIN: "abc" }],
    ["QPQ_CORE_PIN", { QPQ_CORE_PIN: "" }],
    ["QPQ_GATEWAY_SECRET", { QPQ_GATEWAY_SECRET: "short" }],
    ["QPQ_GATEWAY_SECRET", { QPQ_GATEWAY_SECRET_FILE: "both" }],
    ["QPQ_LIMIT_BYTES_PER_CALL", { QPQ_LIMIT_BYTES_PER_CALL: "-1" }],
    ["QPQ_LOG", { QPQ_LOG: "loud" }],
    ["QPQ_DOMAIN", { QPQ_DOMAIN: "https://chat.example" }],
    ["QPQ_ACME_DIRECTORY", { QPQ_DOMAIN: "chat.example", QPQ_ACME_DIRECTORY: "http://authority.example" }],
    ["QPQ_TRUST_PROXY", { QPQ_TRUST_PROXY: "127.0.0.1, proxy" }],
    ["QPQ_GATEWAY_METRICS_BIND", { QPQ_GATEWAY_METRICS_PORT: "9100", QPQ_GATEWAY_METRICS_BIND: "all" }],
    ["QPQ_LIMIT_RPC_PER_SECOND", { QPQ_LIMIT_RPC_PER_SECOND: "0" }],
  ];
  for (const [key, env] of faults) {
    assert.throws(
      () => read({ ...minimal, ...env }),
      (error) => error instanceof ConfigError && error.message.startsWith(`${key}: `),
      key,
    );
  }
  assert.throws(
    () => read({ ...minimal, QPQ_GATEWAY_SECRET: "", QPQ_GATEWAY_SECRET_FILE: "gone" }),
    /QPQ_GATEWAY_SECRET_FILE: can not read gone/,
  );
});
