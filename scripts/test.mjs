/**
 * `npm test`: installs what is missing, then everything that can fail: types, the generated schema, unit tests (Deno), the interface alone and the whole in browsers (Playwright), the containers. Ends with `N passed, N failed`.
 *
 * `npm test -- unit`, `interface`, `e2e` or `containers` runs a part; QPQ_TEST_NO_CONTAINERS=1 leaves the containers out.
 */

import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { buildIfStale } from "./build.mjs";
import { findProgram, installDebianPackages, installPackages } from "./install.mjs";
import { deno, root } from "./paths.mjs";

const parts = process.argv.slice(2);
const wants = (part) => parts.length === 0 || parts.includes(part);
const results = `${root}/test-results`;
const totals = { passed: 0, failed: 0 };

/** A command that is one check: it passes when it exits with 0. */
function check(name, command, args) {
  console.log(`\n== ${name}`);
  const { status } = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  totals[status === 0 ? "passed" : "failed"] += 1;
  console.log(`${status === 0 ? "ok" : "FAILED"}: ${name}`);
}

/** A test runner that writes its counts to a file; a runner that breaks before it could counts as one failure. */
function suite(name, command, args, env, readCounts) {
  console.log(`\n== ${name}`);
  const { status } = spawnSync(command, args, { cwd: root, stdio: "inherit", env: { ...process.env, ...env } });
  let counts = { passed: 0, failed: 1 };
  try {
    counts = readCounts();
  } catch (error) {
    console.error(`${name}: no counts: ${error.message}`);
  }
  totals.passed += counts.passed;
  totals.failed += counts.failed + (status !== 0 && counts.failed === 0 ? 1 : 0);
}

function junitCounts(file) {
  const [, tests, failures, errors] = /<testsuites[^>]* tests="(\d+)"[^>]* failures="(\d+)"[^>]* errors="(\d+)"/.exec(readFileSync(file, "utf8"));
  const failed = Number(failures) + Number(errors);
  return { passed: Number(tests) - failed, failed };
}

function playwrightCounts(file) {
  const { expected, unexpected, flaky } = JSON.parse(readFileSync(file, "utf8")).stats;
  return { passed: expected, failed: unexpected + flaky };
}

installPackages();
installDebianPackages({ capnp: "capnproto", ...(findProgram("chromium") ? {} : { chromium: "chromium" }), "firefox-esr": "firefox-esr", caddy: "caddy" });
rmSync(results, { recursive: true, force: true });
mkdirSync(results, { recursive: true });

if (wants("unit")) {
  const rooms = ["schema", "client", "server-core", "gateway", "cli", "bench"];
  check("types of servers, client and CLI (deno check)", deno, ["check", "--quiet", ...rooms]);
  check("types of the app (tsc)", process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.json"]);
  check("generated schema is fresh", process.execPath, ["scripts/schema.mjs", "--check"]);
  const junit = `${results}/unit.xml`;
  suite("unit tests (deno test)", deno, ["test", "--no-check", "-A", "--unstable-net", `--junit-path=${junit}`, "schema", "client", "server-core", "gateway", "cli", "web"], {}, () => junitCounts(junit));
}

function playwright(name, config, report) {
  const file = `${results}/${report}.json`;
  suite(name, process.execPath, ["node_modules/@playwright/test/cli.js", "test", "-c", config], { PLAYWRIGHT_JSON_OUTPUT_FILE: file }, () => playwrightCounts(file));
}

if (wants("interface")) {
  check("build of the app around an engine in memory", process.execPath, ["node_modules/vite/bin/vite.js", "build", "--mode", "fake", "--logLevel", "warn"]);
  playwright("interface tests (Playwright)", "web/testing/browser/playwright.config.ts", "interface");
}
if (wants("e2e")) {
  buildIfStale();
  playwright("browser tests (Playwright)", "e2e/playwright.config.ts", "e2e");
}
if (wants("containers") && process.env.QPQ_TEST_NO_CONTAINERS !== "1") {
  const file = `${results}/containers-counts.json`;
  suite("containers (Docker engine in private namespaces)", process.execPath, ["scripts/containers.mjs"], {}, () => JSON.parse(readFileSync(file, "utf8")));
}

console.log(`\n${totals.passed} passed, ${totals.failed} failed`);
process.exit(totals.failed === 0 && totals.passed > 0 ? 0 : 1);
