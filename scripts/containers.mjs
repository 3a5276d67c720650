/**
 * `npm run test:containers`: builds and runs the unmodified Dockerfile and compose.yaml on a real Docker
 * engine that runs in private namespaces, and ends with `N passed, N failed`.
 *
 * `npm run test:containers -- operate` runs the files of that name alone.
 * `node scripts/containers.mjs prepare` only fetches what it needs, so that other tests can run meanwhile.
 *
 * It needs Linux, root, apt's package lists and npm; nothing is installed. Engine, base image and npm
 * packages are kept in .cache/containers/, so that the next run is quick. Where namespaces or packages are
 * refused it says which, and fails; `QPQ_TEST_NO_CONTAINERS=1` leaves it out.
 */

import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { buildIfStale } from "./build.mjs";
import { prepareEngine } from "./containers/prepare.mjs";
import { installPackages } from "./install.mjs";
import { root } from "./paths.mjs";

/** The whole run may take this long; the engine and all in it end with it. */
const limitMs = 1_800_000;
const namespaces = ["-m", "-C", "-n", "-p", "-f", "--kill-child", "--mount-proc", "--propagation", "private"];
const counts = `${root}/test-results/containers.json`;

/** What the engine does that a sandbox may refuse, each tried alone in namespaces of its own. */
const needs = {
  "namespaces (unshare -m -C -n -p -f)": "true",
  "a loopback of its own": "ip link set lo up",
  "tmpfs mounts": "mount -t tmpfs t /run",
  "unmounting /sys/fs/cgroup": "umount -R /sys/fs/cgroup",
  "cgroup mounts":
    "umount -R /sys/fs/cgroup; mount -t tmpfs t /sys/fs/cgroup && mkdir /sys/fs/cgroup/memory && mount -t " +
    "cgroup -o memory c /sys/fs/cgroup/memory",
  "overlay mounts": "d=$(mktemp -d) && mount -t tmpfs t $d && mkdir $d/l $d/u $d/w $d/m && mount -t overlay o -o " +
    "lowerdir=$d/l,upperdir=$d/u,workdir=$d/w $d/m",
};

/** @returns {string | undefined} what this machine refuses */
function refused() {
  if (process.platform !== "linux") return `containers are tested on Linux only (this is ${process.platform})`;
  if (process.getuid?.() !== 0) return "root is needed for namespaces and mounts";
  for (const [need, command] of Object.entries(needs)) {
    const { status, stderr, error } = spawnSync("unshare", [...namespaces, "sh", "-c", command], { encoding: "utf8" });
    if (status !== 0) return `${need} refused: ${(error?.message ?? stderr).trim()}`;
  }
}

/** Tells the counts to whoever asked: the last line, and a file for `npm test`. */
function finish(passed, failed) {
  mkdirSync(`${root}/test-results`, { recursive: true });
  writeFileSync(`${root}/test-results/containers-counts.json`, JSON.stringify({ passed, failed }));
  console.log(`\n${passed} passed, ${failed} failed`);
  process.exit(failed === 0 && passed > 0 ? 0 : 1);
}

if (process.env.QPQ_TEST_NO_CONTAINERS === "1") {
  console.log("QPQ_TEST_NO_CONTAINERS=1: Dockerfile and compose.yaml are not tested");
  console.log("\n0 passed, 0 failed");
  process.exit(0);
}

const onlyPrepare = process.argv[2] === "prepare";
const startMs = Date.now();
const seconds = () => `${((Date.now() - startMs) / 1000).toFixed(0)} s`;
let engine = "";
try {
  const problem = refused();
  if (problem) throw new Error(problem);
  installPackages();
  if (!onlyPrepare) buildIfStale();
  engine = await prepareEngine(`${root}/.cache/containers`);
} catch (error) {
  if (onlyPrepare) process.exit(1);
  console.error(`Containers can not be tested here: ${error.message}`);
  finish(0, 1);
}
if (onlyPrepare) process.exit(0);
console.log(`engine and base image are ready (${seconds()})`);

rmSync(counts, { force: true });
const child = spawn("unshare", [
  ...namespaces,
  process.execPath,
  `${root}/scripts/containers/inside.mjs`,
  engine,
  counts,
  ...process.argv.slice(2),
], { cwd: root, stdio: "inherit" });
const timer = setTimeout(() => {
  console.error(`over the limit of ${limitMs / 1000} s`);
  child.kill("SIGKILL");
}, limitMs - (Date.now() - startMs));
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill("SIGKILL"));
const status = await new Promise((resolve) => child.once("exit", (code) => resolve(code)));
clearTimeout(timer);

let passed = 0;
let failed = 1;
try {
  const { expected, unexpected, flaky, skipped } = JSON.parse(readFileSync(counts, "utf8")).stats;
  passed = expected;
  // A step that was not reached after one that failed has not passed.
  failed = unexpected + flaky + skipped;
} catch {
  console.error("the tests in the containers did not report");
}
console.log(`containers: ${seconds()}`);
finish(passed, failed + (status !== 0 && failed === 0 ? 1 : 0));
