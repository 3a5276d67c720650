/** Builds the PWA into dist/web. With `--if-stale` only when a source is newer than the last build. */

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { installPackages } from "./install.mjs";
import { buildKey, buildOrigin, writeBuildManifest } from "./build_manifest.mjs";
import { root, webRoot } from "./paths.mjs";

const sources = ["web", "client", "schema", "public", "patches", "vite.config.ts", "package-lock.json"];

function newestMs(path) {
  if (!existsSync(path)) return 0;
  const { mtimeMs } = statSync(path);
  if (!statSync(path).isDirectory()) return mtimeMs;
  return Math.max(mtimeMs, ...readdirSync(path).map((name) => newestMs(`${path}/${name}`)));
}

/**
 * Runs the build unless dist/web is newer than all of its sources; a build that is there already is signed
 * when a key is given.
 */
export function buildIfStale() {
  const built = newestMs(`${webRoot}/index.html`);
  if (built <= Math.max(...sources.map((source) => newestMs(`${root}/${source}`)))) return buildApp();
  const key = buildKey();
  if (key) writeBuildManifest(webRoot, key, buildOrigin(root));
}

/**
 * Builds the app and writes its manifest (build_manifest.mjs), signed when a key is given.
 *
 * @param {string} [from] the folder that holds the sources and `node_modules`, and gets `dist/web`
 * @param {string} [repository] the sources are its HEAD; else `from` is asked
 */
export function buildApp(from = root, repository = from) {
  console.error("Building the app …");
  execFileSync(process.execPath, [`${from}/node_modules/vite/bin/vite.js`, "build", "--logLevel", "warn"], {
    cwd: from,
    stdio: ["ignore", process.stderr, process.stderr],
  });
  writeBuildManifest(`${from}/dist/web`, buildKey(), buildOrigin(from, { repository }));
}

if (import.meta.filename === process.argv[1] || import.meta.url === `file://${process.argv[1]}`) {
  installPackages();
  buildIfStale();
}
