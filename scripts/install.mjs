/**
 * Brings a fresh clone to where it can run: npm packages, and for tests the browsers. Checks first, installs
 * only what is missing.
 */

import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
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

/** Another installation may be under way, such as the one that a new machine starts with: wait for it to end. */
const lockWaitMs = 600_000;

/**
 * Runs apt-get; when another process has apt's or dpkg's lock, it waits for that.
 *
 * @param {string[]} args
 * @throws when apt-get fails
 */
export function aptGet(args) {
  // The option is for dpkg's lock alone; the lock of the lists is tried again here.
  const all = ["-qq", "-o", `DPkg::Lock::Timeout=${lockWaitMs / 1000}`, ...args];
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" };
  const startMs = performance.now();
  let hasSaid = false;
  for (;;) {
    const { status, stderr, error } = spawnSync("apt-get", all, {
      stdio: ["ignore", process.stderr, "pipe"],
      encoding: "utf8",
      env,
    });
    if (status === 0) return;
    // Without rights apt says "Unable to lock", too, and "Permission denied" beside it.
    const isHeld = /Could not get lock|Unable to lock/.test(stderr ?? "") && !/Permission denied/.test(stderr);
    if (!isHeld || performance.now() - startMs > lockWaitMs) {
      throw new Error(`apt-get ${args[0]}: ${error?.message ?? stderr.trim()}`);
    }
    if (!hasSaid) console.error("Waiting for another apt-get to end …");
    hasSaid = true;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
  }
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
  try {
    aptGet(["update"]);
    aptGet(["install", "-y", "--no-install-recommends", ...missing]);
  } catch (error) {
    throw new Error(
      `The tests need ${
        missing.join(", ")
      }; apt-get could not install them (${error.message}). Install them by hand and try again.`,
    );
  }
}

/** What the tests need beside npm's packages: each command, and the Debian package that brings it. */
const testPrograms = {
  caddy: "caddy",
  capnp: "capnproto",
  chromium: "chromium",
  "chromium-headless-shell": "chromium-headless-shell",
  "firefox-esr": "firefox-esr",
  // Not in everybody's PATH.
  "/usr/sbin/nginx": "nginx-light",
};

// As a program of its own, so that apt works while npm does.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    installDebianPackages(testPrograms);
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}
