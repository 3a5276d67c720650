/**
 * `npm run soak -- --clients 20 --steps 1000 --seed 7 [--faults]`: many engines over one core at random and
 * at once (client/testing/soak/). QPQ_SEED=7 names the seed, too.
 */

import { spawnSync } from "node:child_process";
import { installPackages } from "./install.mjs";
import { deno, root } from "./paths.mjs";

installPackages();
const { status } = spawnSync(deno, [
  "run",
  "--quiet",
  "-A",
  "--unstable-net",
  "--no-check",
  `${root}/client/testing/soak/main.ts`,
  ...process.argv.slice(2),
], { cwd: root, stdio: "inherit" });
process.exit(status ?? 1);
