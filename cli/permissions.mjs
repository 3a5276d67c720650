/**
 * What qpq may do, as Deno's flags: reach its one server, read its own code and the files that the command
 * line names, keep its state.
 */

import { lstatSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
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
  "output",
  "file",
  "caption",
  "at",
  "days",
  "about",
  "name",
  "decline",
  "let-in",
  "tail",
  "files",
];

/**
 * Permissions as Deno names them in a configuration file: lists of hosts, variables and absolute paths.
 *
 * @typedef {object} PermissionSet
 * @property {string[]} net
 * @property {string[] | true} env
 * @property {string[]} read
 * @property {string[]} write
 * @property {string[] | true} [ffi]
 * @property {string[]} [sys]
 * @property {string[]} [run]
 */

/**
 * A set of permissions as arguments of `deno run`. Deno 2.9.6 splits the lists of its flags at every comma and
 * has no way to write one, so a set that has a comma in a path goes into a configuration file of its own.
 *
 * @param {PermissionSet} permissions
 * @param {string} [parent] the folder in which a configuration file may be made
 * @returns {{ args: string[], end: () => void }} `end` deletes what was made; it is called when the process is over
 */
export function permissionArguments(permissions, parent = tmpdir()) {
  const own = `${root}/deno.json`;
  // A flag with an empty list is refused; without the flag nothing is allowed either.
  const lists = Object.entries(permissions).filter(([, values]) => values === true || values.length > 0);
  if (!lists.some(([, values]) => Array.isArray(values) && values.some((value) => value.includes(",")))) {
    const flags = lists.map(([name, values]) => `--allow-${name}${values === true ? "" : `=${values.join(",")}`}`);
    return { args: [`--config=${own}`, ...flags], end: () => {} };
  }
  const folder = mkdtempSync(join(parent, "qpq-permissions-"));
  const config = join(folder, "deno.json");
  const set = { ...JSON.parse(readFileSync(own, "utf8")), permissions: { qpq: Object.fromEntries(lists) } };
  writeFileSync(config, JSON.stringify(set), { mode: 0o600 });
  return { args: [`--config=${config}`, "--permission-set=qpq"], end: () => rmSync(folder, { recursive: true }) };
}

/**
 * @returns HOST:PORT as Deno's flag takes it; undefined for what is neither: then nothing can be reached, and
 *   main.ts says what is wrong
 */
function serverOf(given) {
  const [whole, , port] = /^(\[[0-9a-fA-F:]+\]|[\w.-]+):(\d{1,5})$/.exec(given) ?? [];
  return Number(port) >= 1 && Number(port) <= 65_535 ? whole : undefined;
}

/**
 * Where the state is unless the command line or QPQ_STATE names it: in the present folder if one is there, as
 * earlier versions made it; else where the XDG Base Directory Specification puts it.
 *
 * @param {Record<string, string | undefined>} env
 * @param {string} folder where qpq is started
 * @returns {string} an absolute path, or a name in the present folder
 */
export function defaultState({ XDG_STATE_HOME, HOME }, folder) {
  const earlier = "qpq-state.db";
  if (lstatSync(join(folder, earlier), { throwIfNoEntry: false })) return earlier;
  // The specification: a path that is not absolute is to be ignored.
  const home = [XDG_STATE_HOME, HOME && join(HOME, ".local", "state")].find((path) => path && isAbsolute(path));
  return home ? join(home, "qpq", "state.db") : earlier;
}

/**
 * `demo-group` alone may start a program (Deno, for a core of its own), and writes to a temporary folder
 * instead of a state.
 *
 * @param {string[]} args what follows the program's name
 * @param {Record<string, string | undefined>} env
 * @param {string} deno the path of Deno
 * @param {string} [folder] where qpq is started: relative paths begin there
 * @returns {PermissionSet}
 */
export function qpqPermissions(args, env, deno, folder = process.cwd()) {
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
  const named = given("state", "QPQ_STATE");
  const unnamed = defaultState(env, folder);
  const state = resolve(folder, named ?? unnamed);
  // It is made with the first state.
  const stateFolder = named === undefined && isAbsolute(unnamed) ? [dirname(unnamed)] : [];
  const stateFiles = ["", "-wal", "-shm", "-journal"].map((suffix) => state + suffix);
  const spool = `${state}-files`;
  // Where a daemon that holds the state listens.
  const daemon = `${state}-daemon`;
  // What is saved goes to the path behind the id, or into the present folder.
  const saved = command === "save" ? [resolve(folder, positionals[2] ?? ".")] : [];
  const files = [
    given("file"),
    ...withValue.filter((name) => name.endsWith("-file")).map((name) => given(name)),
    given("ca", "QPQ_CORE_CA"),
  ].filter(Boolean).map((file) => resolve(folder, file));
  const exchange = command === "daemon" ? [given("files")].filter(Boolean).map((path) => resolve(folder, path)) : [];
  const output = [given("output")].filter(Boolean).map((file) => resolve(folder, file));
  const code = ["cli", "client", "schema", "node_modules", "deno.json", "package.json"].map((path) =>
    `${root}/${path}`
  );
  const net = [
    isDemo ? serverOf(given("server") ?? "") : serverOf(given("server", "QPQ_SERVER") ?? "127.0.0.1:7443"),
    // The core that the demo starts takes a free port.
    isDemo && "127.0.0.1",
    // The socket that the server is reached from.
    "0.0.0.0:0",
    "[::]:0",
    !isDemo && `unix:${daemon}/socket`,
  ];
  return {
    net: net.filter((address) => typeof address === "string"),
    env: ["QPQ_*", ...(isDemo ? ["TMPDIR", "TMP", "TEMP"] : [])],
    ffi: [`${root}/node_modules/better-sqlite3-multiple-ciphers/prebuilds`],
    read: [
      ...code,
      ...files,
      ...(isDemo ? [deno, `${root}/server-core`, tmpdir()] : [...stateFiles, spool, daemon]),
      ...saved,
      ...exchange,
    ],
    write: isDemo
      ? [tmpdir()]
      : [...stateFolder, ...stateFiles, spool, daemon, ...(command === "export" ? output : []), ...saved, ...exchange],
    // By which recv --follow and the daemon notice that the network is back.
    ...(["recv", "daemon"].includes(command) && { sys: ["networkInterfaces"] }),
    ...(isDemo && { run: [deno] }),
  };
}

/** What Deno is started with beside permissions. */
const always = ["--no-prompt", "--quiet", "--cached-only", "--no-check", "--unstable-net"];

/**
 * The arguments of `deno run` for a command of qpq.
 *
 * @param {Parameters<typeof qpqPermissions>} given
 * @returns {ReturnType<typeof permissionArguments>}
 */
export function qpqFlags(...given) {
  const { args, end } = permissionArguments(qpqPermissions(...given));
  return { args: [...always, ...args], end };
}
