/**
 * Lays out the built app and both servers for a place without npm: the container image and the Debian package.
 *
 * What goes in: the servers' sources, the packages of package-lock.json that are no development ones, and the app.
 */

import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { deno, root, webRoot } from "./paths.mjs";

const sources = [
  "LICENSE",
  "package.json",
  "schema",
  "server-common",
  "server-core",
  "gateway",
  "scripts/containers",
];
/** They are no part of a server (.dockerignore leaves them out of the image's build, too). */
const isTest = (path) => /(_test|\.spec)\.ts$|\/testing$/.test(path);

/**
 * @param {string} app the folder to fill
 * @param {{ permissions: object, tasks?: Record<string, string>, web?: string }} config what its deno.json has besides
 *   the project's, and the folder of the built app
 */
export function layOutApp(app, { permissions, tasks, web = webRoot }) {
  mkdirSync(app, { recursive: true });
  for (const name of sources) {
    cpSync(`${root}/${name}`, `${app}/${name}`, { recursive: true, filter: (source) => !isTest(source) });
  }
  cpSync(web, `${app}/dist/web`, { recursive: true });
  copyPackages(app);
  const config = { ...JSON.parse(readFileSync(`${root}/deno.json`, "utf8")), permissions, ...(tasks && { tasks }) };
  writeFileSync(`${app}/deno.json`, JSON.stringify(config, undefined, 2));
}

/** @param {string} to the path of the binary */
export function copyDeno(to) {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(realpathSync(deno), to);
  chmodSync(to, 0o755);
}

/** Every package that the lock file does not mark as for development, without Deno's own: its binary is copied. */
function copyPackages(app) {
  const { packages } = JSON.parse(readFileSync(`${root}/package-lock.json`, "utf8"));
  for (const [path, { dev, devOptional }] of Object.entries(packages)) {
    if (
      path === "" || dev || devOptional || /^node_modules\/(@deno\/|deno$)/.test(path) || !existsSync(`${root}/${path}`)
    ) continue;
    cpSync(`${root}/${path}`, `${app}/${path}`, {
      recursive: true,
      filter: (source) => !source.slice(root.length + path.length + 1).includes("/node_modules"),
    });
  }
}
