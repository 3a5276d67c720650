/**
 * Brings a fresh clone to where it can run: npm packages, and for tests the browsers. Checks first, installs
 * only what is missing.
 */

import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { root } from "./paths.mjs";

const stamp = `${root}/node_modules/.quicproquo-lock`;

/** `npm ci` when node_modules is missing or was made from another lock file. */
export function installPackages() {
  const lockHash = createHash("sha256").update(readFileSync(`${root}/package-lock.json`)).digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lockHash) return;
  console.error("Installing packages (npm ci) …");
  execFileSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", process.stderr, process.stderr],
  });
  mkdirSync(`${root}/node_modules`, { recursive: true });
  writeFileSync(stamp, lockHash);
}

/**
 * @param {string} program a command of the package
 * @returns {string | undefined} its path
 */
export function findProgram(program) {
  const found = spawnSync("sh", ["-c", `command -v ${program}`], { encoding: "utf8" });
  return found.status === 0 ? found.stdout.trim() : undefined;
}

/**
 * Installs Debian packages whose commands are missing.
 *
 * @param {Record<string, string>} packages package name by the command that it brings
 * @throws when a command is missing and can not be installed, naming it
 */
export function installDebianPackages(packages) {
  const missing = Object.entries(packages).filter(([program]) => !findProgram(program)).map(([, name]) => name);
  if (missing.length === 0) return;
  console.error(`Installing ${missing.join(", ")} (apt-get) …`);
  /** @type {import("node:child_process").ExecFileSyncOptions} */
  const options = {
    stdio: ["ignore", process.stderr, process.stderr],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  };
  try {
    execFileSync("apt-get", ["update", "-qq"], options);
    execFileSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...missing], options);
  } catch (error) {
    throw new Error(
      `The tests need ${
        missing.join(", ")
      }; apt-get could not install them (${error.message}). Install them by hand and try again.`,
    );
  }
}
