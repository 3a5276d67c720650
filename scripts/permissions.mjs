/**
 * What each role may do: the files, addresses and variables that it needs and nothing else. As Deno's flags
 * for `npm start`, the browser tests and the tests of the permissions themselves. The container image has them
 * in containers/image_permissions.mjs.
 */

import { dirname } from "node:path";
import { permissionArguments } from "../cli/permissions.mjs";
import { letsEncrypt, ownSockets } from "./containers/image_permissions.mjs";
import { root } from "./paths.mjs";

/** @param {(string | undefined)[]} values @returns {string[]} each text among them once */
const given = (values) => [...new Set(values.flatMap((value) => value ? [value] : []))];

/** An address as it stands before a port; "localhost" is what the servers make of it (server-common/config.ts). */
function host(address) {
  if (address === "localhost") return "127.0.0.1";
  return address.includes(":") && !address.startsWith("[") ? `[${address}]` : address;
}

/**
 * @param {string | undefined} place HOST:PORT as an operator wrote it
 * @returns {string | undefined} it as Deno's flag takes it; undefined for what is none: then nothing may be reached
 *   there, and the server says which setting is wrong
 */
function placeOf(place) {
  const [whole, name, port] = placeParts(place);
  return whole && `${host(name)}:${port}`;
}

/** @returns the whole, the name and the port of HOST:PORT; nothing for any other text */
function placeParts(place) {
  const [, name, port] = /^(\[[0-9a-fA-F:.]+\]|[^\s:,/]+):(\d{1,5})$/.exec(place?.trim() ?? "") ?? [];
  return Number(port) <= 65_535 ? [`${name}:${port}`, name, port] : [];
}

/**
 * What both roles are started with; no program may be run, and no native code loaded but `ffi`.
 *
 * @typedef {(string | undefined)[]} Needed
 * @typedef {{ ffi?: string[], sys?: string[] }} System
 * @param {{ net: Needed, read: Needed, write: Needed, env: string[] | true } & System} needs
 */
function flags({ net, read, write, env, ffi, sys }) {
  const code = ["schema", "server-common", "node_modules", "deno.json", "package.json"];
  const { args, end } = permissionArguments({
    net: given(net),
    read: given([...code.map((path) => `${root}/${path}`), ...read]),
    write: given(write),
    env,
    ...(ffi && { ffi }),
    ...(sys && { sys }),
  });
  process.on("exit", end);
  return ["--no-prompt", "--quiet", "--cached-only", "--no-check", "--unstable-net", ...args];
}

/**
 * Of the core: it reads its own code, its data, its certificate and its secrets; it writes its data; it
 * listens on its own ports and connects to nobody but itself (`health`); it loads SQLite's native library and
 * nothing else, and asks how full its disk is. It can not start programs, reach other hosts, or read other variables.
 *
 * @param {Record<string, string | undefined>} env the whole environment that the core will have
 * @returns {string[]}
 */
export function coreFlags(env) {
  const data = env.QPQ_DATA || `${root}/data/core`;
  const listen = env.QPQ_LISTEN || "127.0.0.1:7443";
  const metrics = env.QPQ_METRICS_PORT && `${host(env.QPQ_METRICS_BIND || "127.0.0.1")}:${env.QPQ_METRICS_PORT}`;
  const net = [listen, metrics].map(placeOf);
  const read = [
    `${root}/server-core`,
    `${root}/qpq-server.toml`,
    data,
    env.QPQ_CORE_CERT,
    env.QPQ_CORE_KEY,
    env.QPQ_GATEWAY_SECRET_FILE,
    env.QPQ_DB_KEY_FILE,
    env.QPQ_AUTH_TOKEN_FILE,
  ];
  const ffi = [`${root}/node_modules/better-sqlite3-multiple-ciphers/prebuilds`];
  return flags({ net, read, write: [data], env: ["QPQ_*"], ffi, sys: ["statfs", "setPriority"] });
}

/**
 * Of the gateway: it reads its own code, the app, its folder, the core's certificate and the shared secret;
 * it writes its own folder; it listens on its own ports and reaches the core (and the ACME authority where
 * there is one). It can not read the core's database, start programs or load native code.
 *
 * @param {Record<string, string | undefined>} env the whole environment that the gateway will have
 * @returns {string[]}
 */
export function gatewayFlags(env) {
  const isAcme = Boolean(env.QPQ_DOMAIN) && !env.QPQ_TLS_CERT;
  const bind = host(env.QPQ_BIND || (env.QPQ_DOMAIN ? "0.0.0.0" : "127.0.0.1"));
  const redirectPort = env.QPQ_REDIRECT_PORT || (isAcme ? "80" : "");
  const directory = env.QPQ_ACME_DIRECTORY ?? "";
  const authority = directory.startsWith("https://") && URL.canParse(directory) ? new URL(directory) : undefined;
  const listening = [
    `${bind}:${env.QPQ_HTTP_PORT || (env.QPQ_DOMAIN ? 443 : 8080)}`,
    `${bind}:${env.QPQ_WT_PORT || (env.QPQ_DOMAIN ? 443 : 4433)}`,
    redirectPort && `${bind}:${redirectPort}`,
    env.QPQ_GATEWAY_METRICS_PORT &&
    `${host(env.QPQ_GATEWAY_METRICS_BIND || "127.0.0.1")}:${env.QPQ_GATEWAY_METRICS_PORT}`,
  ];
  const net = [
    ...listening.map(placeOf),
    // A name is looked up by the gateway itself.
    placeParts(env.QPQ_CORE_ADDR || "127.0.0.1:7443")[0],
    ...ownSockets,
    ...(isAcme ? authority ? [authority.host] : letsEncrypt : []),
  ];
  const folderOf = (file) => file && dirname(file);
  const data = env.QPQ_DATA || `${root}/data/gateway`;
  const read = [
    `${root}/gateway`,
    env.QPQ_WEB_ROOT || `${root}/dist/web`,
    data,
    env.QPQ_CORE_CA,
    env.QPQ_GATEWAY_SECRET_FILE,
    env.QPQ_ACME_CA,
    // Folders, because a renewal replaces the file, and they are watched.
    folderOf(env.QPQ_TLS_CERT),
    folderOf(env.QPQ_TLS_KEY),
  ];
  // acme-client's HTTP client lists the whole environment, for proxies.
  return flags({ net, read, write: [data], env: isAcme || ["QPQ_*"] });
}
