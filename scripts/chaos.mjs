/**
 * `npm run chaos -- --kills 100 --seed 7 [--only core,gateway,…]`: core, gateway, clients and browser are killed at
 * random while numbered messages flow (chaos/, docs/chaos.md). QPQ_SEED=7 names the seed, too.
 */

import { spawnSync } from "node:child_process";
import { buildIfStale } from "./build.mjs";
import { findProgram, installDebianPackages, installPackages } from "./install.mjs";
import { deno, root } from "./paths.mjs";

installPackages();
if (!findProgram("chromium-headless-shell")) {
  installDebianPackages({ "chromium-headless-shell": "chromium-headless-shell" });
}
buildIfStale();
const flags = ["run", "--quiet", "-A", "--unstable-net", "--no-check"];
const { status } = spawnSync(deno, [...flags, `${root}/chaos/main.ts`, ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
});
process.exit(status ?? 1);
