/** Where things are. */

import { isAbsolute, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");

/** The native binary: the package's own launcher does not forward signals. */
export const deno = `${root}/node_modules/deno/deno`;

export const webRoot = `${root}/dist/web`;

/** Settings that name files and folders. */
const pathSettings = [
  "QPQ_DATA_DIR",
  "QPQ_DB_KEY_FILE",
  "QPQ_CORE_CERT",
  "QPQ_CORE_KEY",
  "QPQ_CORE_CA",
  "QPQ_GATEWAY_SECRET_FILE",
  "QPQ_AUTH_TOKEN_FILE",
  "QPQ_TLS_CERT",
  "QPQ_TLS_KEY",
  "QPQ_ACME_CA",
  "QPQ_WEB_ROOT",
];

/** npm runs scripts in the package's folder, and keeps the one in which it was called. */
const calledIn = (env) => env.npm_lifecycle_event !== undefined && env.INIT_CWD || process.cwd();

/**
 * Relative paths begin where the command was given, for every process that is started for it, wherever that runs.
 *
 * @param {Record<string, string | undefined>} env is changed
 */
export function makePathsAbsolute(env) {
  for (const name of pathSettings) {
    const path = env[name];
    if (path && !isAbsolute(path)) env[name] = resolve(calledIn(env), path);
  }
}

/**
 * @param {Record<string, string | undefined>} env
 * @returns {string} the folder of `npm start`'s data, absolute: the core's is `core/` in it
 */
export function dataFolder(env) {
  return resolve(calledIn(env), env.QPQ_DATA_DIR || `${root}/data`);
}
