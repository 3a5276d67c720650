/** Builds the PWA into dist/web. With `--if-stale` only when a source is newer than the last build. */

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { installPackages } from "./install.mjs";
import { root, webRoot } from "./paths.mjs";

const sources = ["web", "client", "schema", "public", "patches", "vite.config.ts", "package-lock.json"];

function newestMs(path) {
  if (!existsSync(path)) return 0;
  const { mtimeMs } = statSync(path);
  if (!statSync(path).isDirectory()) return mtimeMs;
  return Math.max(mtimeMs, ...readdirSync(path).map((name) => newestMs(`${path}/${name}`)));
}

/** Runs the build unless dist/web is newer than all of its sources. */
export function buildIfStale() {
  const built = newestMs(`${webRoot}/index.html`);
  if (built > Math.max(...sources.map((source) => newestMs(`${root}/${source}`)))) return;
  console.error("Building the app …");
  execFileSync(process.execPath, [`${root}/node_modules/vite/bin/vite.js`, "build", "--logLevel", "warn"], { cwd: root, stdio: ["ignore", process.stderr, process.stderr] });
}

if (import.meta.filename === process.argv[1] || import.meta.url === `file://${process.argv[1]}`) {
  installPackages();
  buildIfStale();
}
