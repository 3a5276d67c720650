/**
 * `npm run screens`: draws every screen and state of the interface into test-results/screens, at 360, 768 and 1440 px,
 * light and dark, and once from right to left; axe looks at each. A name or a part of it (`npm run screens -- 01-chat`)
 * draws those alone. The list is web/testing/screens/states.ts.
 */

import { spawnSync } from "node:child_process";
import { installPackages } from "./install.mjs";
import { root } from "./paths.mjs";

installPackages();
const node = process.execPath;
const [wanted = "", ...flags] = process.argv.slice(2);

/** @param {string[]} args @param {Record<string, string>} [env] */
function run(args, env = {}) {
  const { status } = spawnSync(node, args, { cwd: root, stdio: "inherit", env: { ...process.env, ...env } });
  if (status !== 0) process.exit(status ?? 1);
}

run(["node_modules/vite/bin/vite.js", "build", "--mode", "fake", "--logLevel", "warn"]);
run(
  ["node_modules/@playwright/test/cli.js", "test", "-c", "web/testing/screens/playwright.config.ts", ...flags],
  { QPQ_SCREENS: wanted },
);
console.error("The pictures are in test-results/screens.");
