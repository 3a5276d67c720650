import assert from "node:assert/strict";
import { ConfigError, readConfig } from "./config.ts";

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
  assert.deepEqual([config.limits.sessionsPerAddress, config.limits.callsPerSession, config.limits.bytesPerCall], [64, 256, 20 * 1024 * 1024]);
});

Deno.test("readConfig() reads the secret from a file and an IPv6 core", () => {
  const config = read({ QPQ_CORE_CA: "ca.pem", QPQ_CORE_ADDR: "[::1]:99", QPQ_GATEWAY_SECRET_FILE: "secret" }, { secret: `${"x".repeat(40)}\n` });
  assert.equal(config.gatewaySecret.length, 40);
  assert.deepEqual([config.core.hostname, config.core.port], ["::1", 99]);
});

Deno.test("readConfig() names the key of every value that can not be used", () => {
  const faults: [string, Record<string, string>][] = [
    ["QPQ_HTTP_PORT", { QPQ_HTTP_PORT: "80a" }],
    ["QPQ_WT_PORT", { QPQ_WT_PORT: "65536" }],
    ["QPQ_BIND", { QPQ_BIND: "localhost" }],
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
  ];
  for (const [key, env] of faults) {
    assert.throws(() => read({ ...minimal, ...env }), (error) => error instanceof ConfigError && error.message.startsWith(`${key}: `), key);
  }
  assert.throws(() => read({ ...minimal, QPQ_GATEWAY_SECRET: "", QPQ_GATEWAY_SECRET_FILE: "gone" }), /QPQ_GATEWAY_SECRET_FILE: can not read gone/);
});
