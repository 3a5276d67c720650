#!/usr/bin/env node
/** Starts qpq on Deno with what it needs and nothing else: the network, its own files, and its state. */

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const deno = [`${root}/node_modules/deno/deno`, `${root}/node_modules/deno/deno.exe`].find(existsSync);
if (!deno) {
  console.error(`qpq: error: Deno is not installed\nqpq: hint: run npm ci in ${root}`);
  process.exit(1);
}

const args = process.argv.slice(2);
const options = Object.fromEntries(["state", "passphrase-file", "password-file", "ca"].map((name) => [name, { type: "string" }]));
const { values, positionals } = parseArgs({ args, options, allowPositionals: true, strict: false });
const state = resolve(typeof values.state === "string" ? values.state : process.env.QPQ_STATE || "qpq-state.db");
const files = [values["passphrase-file"], values["password-file"], values.ca, process.env.QPQ_CORE_CA].filter((file) => typeof file === "string" && file !== "").map((file) => resolve(file));
const stateFiles = ["", "-wal", "-shm", "-journal"].map((suffix) => state + suffix);
const isDemo = positionals[0] === "demo-group";
const list = (paths) => paths.map((path) => path.replaceAll(",", ",,")).join(",");

const child = spawn(deno, [
  "run", "--quiet", "--no-prompt", "--no-check", "--cached-only", "--unstable-net", `--config=${root}/deno.json`,
  "--allow-net",
  `--allow-env=QPQ_*${isDemo ? ",TMPDIR,TMP,TEMP" : ""}`,
  `--allow-ffi=${root}/node_modules/better-sqlite3-multiple-ciphers`,
  ...(isDemo ? ["--allow-read", "--allow-write", `--allow-run=${deno}`] : [`--allow-read=${list([root, ...stateFiles, ...files])}`, `--allow-write=${list(stateFiles)}`]),
  `${root}/cli/main.ts`, ...args,
], { stdio: "inherit" });

// The child is in the same group and gets Ctrl+C itself; what is sent to this process alone is passed on.
process.on("SIGINT", () => {});
for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("error", (error) => {
  console.error(`qpq: error: ${error.message}`);
  process.exit(1);
});
child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 1)));
