#!/usr/bin/env node
/** Starts qpq on Deno with what it needs and nothing else: the network, its own files, and its state. */

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const deno = [`${root}/node_modules/deno/deno`, `${root}/node_modules/deno/deno.exe`].find(existsSync);
if (!deno) {
  console.error(`qpq: error: Deno is not installed\nqpq: hint: run npm ci in ${root}`);
  process.exit(1);
}

/** The options that take a value, as in usage.ts (a test compares them): without them the command could not be told from a value. */
const withValue = [
  "server", "pin", "ca", "state", "passphrase-file", "timeout", "password-file", "new-password-file", "recovery-code-file", "invite-code", "revoke",
];
const args = process.argv.slice(2);
const { values, positionals } = parseArgs({ args, options: Object.fromEntries(withValue.map((name) => [name, { type: "string" }])), allowPositionals: true, strict: false });
const given = (name) => typeof values[name] === "string" ? values[name] : undefined;
const state = resolve(given("state") ?? (process.env.QPQ_STATE || "qpq-state.db"));
const files = [...withValue.filter((name) => name.endsWith("-file")), "ca"].map(given).concat(process.env.QPQ_CORE_CA).filter(Boolean).map((file) => resolve(file));
const stateFiles = ["", "-wal", "-shm", "-journal"].map((suffix) => state + suffix);
const code = ["cli", "client", "schema", "node_modules", "deno.json", "package.json"].map((path) => `${root}/${path}`);
const isDemo = positionals[0] === "demo-group";
const list = (paths) => paths.map((path) => path.replaceAll(",", ",,")).join(",");

const child = spawn(deno, [
  "run", "--quiet", "--no-prompt", "--no-check", "--cached-only", "--unstable-net", `--config=${root}/deno.json`,
  "--allow-net",
  `--allow-env=QPQ_*${isDemo ? ",TMPDIR,TMP,TEMP" : ""}`,
  `--allow-ffi=${list([`${root}/node_modules/better-sqlite3-multiple-ciphers`])}`,
  ...(isDemo ? ["--allow-read", "--allow-write", `--allow-run=${list([deno])}`] : [`--allow-read=${list([...code, ...stateFiles, ...files])}`, `--allow-write=${list(stateFiles)}`]),
  `${root}/cli/main.ts`, ...args,
], { stdio: "inherit" });

// The child is in the same group and gets Ctrl+C itself; what is sent to this process alone is passed on.
process.on("SIGINT", () => {});
for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("error", (error) => {
  console.error(`qpq: error: ${error.message}`);
  process.exit(1);
});
child.on("exit", (status, signal) => {
  if (signal === "SIGXFSZ") {
    console.error("qpq: error: a file may not grow as large as it has to\nqpq: hint: raise the file size limit (ulimit -f), and try again: nothing is lost");
    process.exit(5);
  }
  process.exit(status ?? 128 + (constants.signals[signal] ?? 0));
});
