/**
 * `npm run chaos -- --kills 100 --seed 7 [--only core,gateway,…]`: core, gateway, clients and browser are killed at
 * random while numbered messages flow (chaos/, docs/chaos.md). QPQ_SEED=7 names the seed, too.
 */

import { spawn } from "node:child_process";
import { buildIfStale } from "./build.mjs";
import { findProgram, installDebianPackages, installPackages } from "./install.mjs";
import { deno, root } from "./paths.mjs";

installPackages();
if (!findProgram("chromium-headless-shell")) {
  installDebianPackages({ "chromium-headless-shell": "chromium-headless-shell" });
}
buildIfStale();
const flags = ["run", "--quiet", "-A", "--unstable-net", "--no-check"];
const args = [...flags, `${root}/chaos/main.ts`, ...process.argv.slice(2)];
const child = spawn(deno, args, { cwd: root, stdio: "inherit" });
// Ctrl+C reaches the child itself; it ends the processes that it has started.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => child.kill("SIGTERM"));
child.on("exit", (status) => process.exit(status ?? 1));
