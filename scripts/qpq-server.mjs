#!/usr/bin/env node
/**
 * `qpq-server` from a clone: the operator's commands on the data that `npm start` serves, unless QPQ_DATA
 * names another.
 */

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { deno, root } from "./paths.mjs";

if (!existsSync(deno)) {
  console.error(`qpq-server: error: Deno is not installed\nqpq-server: hint: run npm ci in ${root}`);
  process.exit(1);
}
const dataDir = process.env.QPQ_DATA ?? `${process.env.QPQ_DATA_DIR ?? `${root}/data`}/core`;
// Files are named by whoever runs this, on their own machine: which ones is not known before.
const args = [
  "run",
  "--quiet",
  "--no-prompt",
  "--no-check",
  "--unstable-net",
  `--config=${root}/deno.json`,
  "--allow-net",
  "--allow-env",
  "--allow-read",
  "--allow-write",
  `--allow-ffi=${root}/node_modules/better-sqlite3-multiple-ciphers`,
  "--allow-sys=statfs",
  `${root}/server-core/main.ts`,
  ...process.argv.slice(2),
];
const child = spawn(deno, args, { stdio: "inherit", env: { ...process.env, QPQ_DATA: dataDir } });
process.on("SIGINT", () => {});
for (const signal of /** @type {const} */ (["SIGTERM", "SIGHUP"])) process.on(signal, () => child.kill(signal));
child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 1)));
