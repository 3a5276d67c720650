/** What each role may do, as Deno's flags: each gets the files, addresses and variables that it needs and nothing else. Used by `npm start`, the browser tests and the tests of the permissions themselves. */

import { dirname } from "node:path";
import { root } from "./paths.mjs";

/** A flag's value. */
const list = (values) => [...new Set(values.filter(Boolean))].join(",");

/** An address literal as it stands before a port. */
const host = (address) => address.includes(":") && !address.startsWith("[") ? `[${address}]` : address;

/**
 * Of the core: it reads its own code, its data, its certificate and its secrets; it writes its data; it listens on its own ports and connects to nobody but itself (`health`); it loads SQLite's native library and
 * nothing else. It can not start programs, reach other hosts, or read other variables.
 *
 * @param {Record<string, string | undefined>} env the whole environment that the core will have
 * @returns {string[]}
 */
export function coreFlags(env) {
  const data = env.QPQ_DATA || `${root}/data/core`;
  const listen = env.QPQ_LISTEN || "127.0.0.1:7443";
  const net = [listen, env.QPQ_METRICS_PORT && `127.0.0.1:${env.QPQ_METRICS_PORT}`];
  const read = [
    `${root}/server-core`, `${root}/schema`, `${root}/node_modules`, `${root}/deno.json`, `${root}/package.json`, `${root}/qpq-server.toml`, data,
    env.QPQ_CORE_CERT, env.QPQ_CORE_KEY, env.QPQ_GATEWAY_SECRET_FILE, env.QPQ_DB_KEY_FILE, env.QPQ_AUTH_TOKEN_FILE,
  ];
  return [
    "--no-prompt",
    "--quiet",
    "--cached-only",
    "--no-check",
    "--unstable-net",
    `--allow-net=${list(net)}`,
    `--allow-read=${list(read)}`,
    `--allow-write=${data}`,
    "--allow-env=QPQ_*",
    `--allow-ffi=${root}/node_modules/better-sqlite3-multiple-ciphers/prebuilds`,
  ];
}

/**
 * Of the gateway: it reads its own code, the app, its folder, the core's certificate and the shared secret; it writes its own folder; it listens on its own ports and reaches the
 * core (and the ACME authority where there is one). It can not read the core's database, start programs or load native code.
 *
 * @param {Record<string, string | undefined>} env the whole environment that the gateway will have
 * @returns {string[]}
 */
export function gatewayFlags(env) {
  const isAcme = Boolean(env.QPQ_DOMAIN) && !env.QPQ_TLS_CERT;
  const bind = host(env.QPQ_BIND || (env.QPQ_DOMAIN ? "0.0.0.0" : "127.0.0.1"));
  const redirectPort = env.QPQ_REDIRECT_PORT || (isAcme ? "80" : "");
  const authority = env.QPQ_ACME_DIRECTORY?.startsWith("https://") ? new URL(env.QPQ_ACME_DIRECTORY) : undefined;
  const net = [
    `${bind}:${env.QPQ_HTTP_PORT || (env.QPQ_DOMAIN ? 443 : 8080)}`,
    `${bind}:${env.QPQ_WT_PORT || (env.QPQ_DOMAIN ? 443 : 4433)}`,
    redirectPort && `${bind}:${redirectPort}`,
    env.QPQ_GATEWAY_METRICS_PORT && `${host(env.QPQ_GATEWAY_METRICS_BIND || "127.0.0.1")}:${env.QPQ_GATEWAY_METRICS_PORT}`,
    env.QPQ_CORE_ADDR || "127.0.0.1:7443",
    // The socket of the connections to the core.
    "0.0.0.0:0",
    "[::]:0",
    // Let's Encrypt names its hosts in its directory; all of them are under these two.
    isAcme && (authority ? authority.host : "acme-v02.api.letsencrypt.org,acme-staging-v02.api.letsencrypt.org"),
  ];
  const folderOf = (file) => file && dirname(file);
  const read = [
    `${root}/gateway`, `${root}/schema`, `${root}/node_modules`, `${root}/deno.json`, `${root}/package.json`,
    env.QPQ_WEB_ROOT || `${root}/dist/web`,
    env.QPQ_DATA || `${root}/data/gateway`,
    env.QPQ_CORE_CA, env.QPQ_GATEWAY_SECRET_FILE, env.QPQ_ACME_CA,
    // Folders, because a renewal replaces the file, and they are watched.
    folderOf(env.QPQ_TLS_CERT), folderOf(env.QPQ_TLS_KEY),
  ];
  return [
    "--no-prompt",
    "--quiet",
    "--cached-only",
    "--no-check",
    "--unstable-net",
    `--allow-net=${list(net)}`,
    `--allow-read=${list(read)}`,
    `--allow-write=${env.QPQ_DATA || `${root}/data/gateway`}`,
    // acme-client's HTTP client lists the whole environment, for proxies.
    isAcme ? "--allow-env" : "--allow-env=QPQ_*",
  ];
}
