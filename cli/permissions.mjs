/**
 * What qpq may do, as Deno's flags: reach its one server, read its own code and the files that the command
 * line names, keep its state.
 */

import { tmpdir } from "node:os";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");

/**
 * The options that take a value, as in usage.ts (a test compares them): without them the command could not be
 * told from a value.
 */
export const withValue = [
  "server",
  "pin",
  "ca",
  "state",
  "passphrase-file",
  "timeout",
  "password-file",
  "new-password-file",
  "recovery-code-file",
  "invite-code",
  "revoke",
  "number",
];

/**
 * A path in a list of Deno's flags. Deno 2.9.6 splits its lists at every comma, and has no way to write one (2.9.5
 * took two commas for one): of a path with a comma, the flag names the folder above the comma.
 *
 * @param {string} path absolute
 */
export function listedPath(path) {
  return path.includes(",") ? dirname(`${path.slice(0, path.indexOf(","))}_`) : path;
}

/** A flag's value. */
const list = (paths) => [...new Set(paths.map(listedPath))].join(",");

/**
 * @returns HOST:PORT as Deno's flag takes it; undefined for what is neither: then nothing can be reached, and
 *   main.ts says what is wrong
 */
function serverOf(given) {
  const [whole, , port] = /^(\[[0-9a-fA-F:]+\]|[\w.-]+):(\d{1,5})$/.exec(given) ?? [];
  return Number(port) >= 1 && Number(port) <= 65_535 ? whole : undefined;
}

/**
 * `demo-group` alone may start a program (Deno, for a core of its own), and writes to a temporary folder
 * instead of a state.
 *
 * @param {string[]} args what follows the program's name
 * @param {Record<string, string | undefined>} env
 * @param {string} deno the path of Deno
 * @param {string} [folder] where qpq is started: relative paths begin there
 * @returns {string[]}
 */
export function qpqFlags(args, env, deno, folder = process.cwd()) {
  const { values, positionals } = parseArgs({
    args,
    options: Object.fromEntries(withValue.map((name) => [name, { type: "string" }])),
    allowPositionals: true,
    strict: false,
  });
  const given = (name, variable) =>
    typeof values[name] === "string" ? values[name] : variable && env[variable] || undefined;
  const [command] = positionals;
  const isDemo = command === "demo-group";
  const state = resolve(folder, given("state", "QPQ_STATE") ?? "qpq-state.db");
  const stateFiles = ["", "-wal", "-shm", "-journal"].map((suffix) => state + suffix);
  const files = [
    ...withValue.filter((name) => name.endsWith("-file")).map((name) => given(name)),
    given("ca", "QPQ_CORE_CA"),
  ].filter(Boolean).map((file) => resolve(folder, file));
  const code = ["cli", "client", "schema", "node_modules", "deno.json", "package.json"].map((path) =>
    `${root}/${path}`
  );
  const net = [
    serverOf(given("server", "QPQ_SERVER") ?? "127.0.0.1:7443"),
    // The core that the demo starts takes a free port.
    isDemo && "127.0.0.1",
    // The socket that the server is reached from.
    "0.0.0.0:0",
    "[::]:0",
  ];
  return [
    "--no-prompt",
    "--quiet",
    "--cached-only",
    "--no-check",
    "--unstable-net",
    `--config=${root}/deno.json`,
    `--allow-net=${net.filter(Boolean).join(",")}`,
    `--allow-env=QPQ_*${isDemo ? ",TMPDIR,TMP,TEMP" : ""}`,
    `--allow-ffi=${list([`${root}/node_modules/better-sqlite3-multiple-ciphers/prebuilds`])}`,
    // By which recv --follow notices that the network is back.
    ...(command === "recv" ? ["--allow-sys=networkInterfaces"] : []),
    `--allow-read=${list([...code, ...files, ...(isDemo ? [deno, `${root}/server-core`, tmpdir()] : stateFiles)])}`,
    `--allow-write=${list(isDemo ? [tmpdir()] : stateFiles)}`,
    ...(isDemo ? [`--allow-run=${list([deno])}`] : []),
  ];
}
