#!/usr/bin/env node
/**
 * `qpq-server` from a clone: the operator's commands on the data that `npm start` serves, unless QPQ_DATA
 * names another.
 */

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { resolve } from "node:path";
import { dataFolder, deno, makePathsAbsolute, root } from "./paths.mjs";

if (!existsSync(deno)) {
  console.error(`qpq-server: error: Deno is not installed\nqpq-server: hint: run npm ci in ${root}`);
  process.exit(1);
}
makePathsAbsolute(process.env);
const dataDir = process.env.QPQ_DATA ? resolve(process.env.QPQ_DATA) : `${dataFolder(process.env)}/core`;
const command = process.argv.slice(2);
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
  ...command,
];
/**
 * Where `status` finds the gateway's metrics on this machine.
 *
 * @param {Record<string, string | undefined>} env
 */
function gatewayMetrics({ QPQ_GATEWAY_METRICS: place, QPQ_GATEWAY_METRICS_PORT: port }) {
  return place || (port ? `127.0.0.1:${port}` : "");
}

// A server ends when this process is killed: it watches its standard input (server-common/process.ts). Commands end by
// themselves.
const serves = command.length === 0 || command[0] === "serve";
const child = spawn(deno, args, {
  stdio: serves ? ["pipe", "inherit", "inherit"] : "inherit",
  env: {
    ...process.env,
    QPQ_DATA: dataDir,
    QPQ_GATEWAY_METRICS: gatewayMetrics(process.env),
    QPQ_END_WITH_STDIN: serves ? "1" : "",
  },
});
// A second Ctrl+C of the same kind changes nothing for a server, and a command that it ends is ended by the first.
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) process.on(signal, () => child.kill(signal));
// The terminal is gone: a server drains, as at its end.
process.on("SIGHUP", () => child.kill(serves ? "SIGTERM" : "SIGHUP"));
child.on("error", (error) => {
  console.error(`qpq-server: error: ${error.message}`);
  process.exit(1);
});
child.on("exit", (code, signal) => process.exit(code ?? 128 + (signal ? constants.signals[signal] : 0)));
