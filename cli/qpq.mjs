#!/usr/bin/env node
/** Starts qpq on Deno with what it needs and nothing else: its server, its own files, and its state. */

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { defaultState, qpqFlags, root } from "./permissions.mjs";

const deno = [`${root}/node_modules/deno/deno`, `${root}/node_modules/deno/deno.exe`].find(existsSync);
if (!deno) {
  console.error(`qpq: error: Deno is not installed\nqpq: hint: run npm ci in ${root}`);
  process.exit(1);
}

const args = process.argv.slice(2);
const flags = qpqFlags(args, process.env, deno);
process.on("exit", flags.end);
const child = spawn(deno, ["run", ...flags.args, `${root}/cli/main.ts`, ...args], {
  stdio: "inherit",
  env: {
    ...process.env,
    QPQ_WRAPPER: String(process.pid),
    QPQ_DEFAULT_STATE: defaultState(process.env, process.cwd()),
  },
});

// Ctrl+C goes to every process of the terminal's group, so to the child as well, and an interrupt that was sent to this
// process alone to no other. Which one it was can not be told: the child is told of it by a signal of its own, and
// takes the two as one (interrupts.ts).
process.on("SIGINT", () => child.kill(process.platform === "win32" ? "SIGINT" : "SIGUSR2"));
for (const signal of /** @type {const} */ (["SIGTERM", "SIGHUP"])) process.on(signal, () => child.kill(signal));
child.on("error", (error) => {
  console.error(`qpq: error: ${error.message}`);
  process.exit(1);
});
child.on("exit", (status, signal) => {
  if (signal === "SIGXFSZ") {
    console.error(
      "qpq: error: a file may not grow as large as it has to\n" +
        "qpq: hint: raise the file size limit (ulimit -f), and try again: nothing is lost",
    );
    process.exit(5);
  }
  // Before it listens to signals, each ends it.
  const cause = signal === "SIGUSR2" ? "SIGINT" : signal;
  process.exit(status ?? 128 + (cause ? constants.signals[cause] : 0));
});
