/**
 * `npm test`: installs what is missing, then everything that can fail: types, the generated schema, unit
 * tests (Deno), the interface alone and the whole in browsers (Playwright), the containers. Ends with how
 * long each part took, and `N passed, N failed`.
 *
 * `npm test -- unit`, `interface`, `e2e` or `containers` runs a part; QPQ_TEST_NO_CONTAINERS=1 leaves the
 * containers out.
 *
 * What is judged by its result runs side by side, on two cores; what is judged by its time runs alone, at the
 * end of its part.
 */

import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createInterface } from "node:readline";
import { buildIfStale } from "./build.mjs";
import { findProgram, installDebianPackages, installPackages } from "./install.mjs";
import { deno, root } from "./paths.mjs";

const parts = process.argv.slice(2);
const wants = (part) => parts.length === 0 || parts.includes(part);
const wantsContainers = wants("containers") && process.env.QPQ_TEST_NO_CONTAINERS !== "1";
const results = `${root}/test-results`;
const totals = { passed: 0, failed: 0 };
const times = [];
/** What failed, said once more at the end: a log is often seen from its end. */
const failures = [];

/** Unit tests whose verdict is a time or a ratio of times. */
const timed = [
  "cli/network_test.ts",
  "client/connection/connection_manager_test.ts",
  "gateway/flood_test.ts",
  "gateway/limits_test.ts",
  "gateway/main_test.ts",
  "gateway/upstream_test.ts",
  "server-core/authentication/key_packages_test.ts",
  "server-core/authentication/login_test.ts",
];

/**
 * @returns {Promise<number | null>} the exit code; the command's lines come with the lane's name before them,
 *   where there are lanes
 */
function run(lane, command, args, env = {}) {
  const options = { cwd: root, env: { ...process.env, ...env } };
  if (lane === "") {
    return new Promise((resolve) => spawn(command, args, { ...options, stdio: "inherit" }).once("exit", resolve));
  }
  const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => console.log(`${lane} | ${line}`));
  }
  return new Promise((resolve) => child.once("close", resolve));
}

async function step(name, work) {
  console.log(`\n== ${name}`);
  const startMs = performance.now();
  await work();
  times.push({ name, seconds: (performance.now() - startMs) / 1000 });
}

/** A command that is one check: it passes when it exits with 0. */
function check(lane, name, command, args) {
  return step(name, async () => {
    const status = await run(lane, command, args);
    totals[status === 0 ? "passed" : "failed"] += 1;
    if (status !== 0) failures.push(name);
    console.log(`${status === 0 ? "ok" : "FAILED"}: ${name}`);
  });
}

/** A test runner that writes its counts to a file; a runner that breaks before it could counts as one failure. */
function suite(lane, name, command, args, env, readCounts) {
  return step(name, async () => {
    const status = await run(lane, command, args, env);
    let counts = { passed: 0, failed: 1 };
    try {
      counts = readCounts();
    } catch (error) {
      console.error(`${name}: no counts: ${error.message}`);
    }
    failures.push(...(counts.failures ?? []));
    if (status !== 0 && !counts.failures?.length) failures.push(`${name}: exit code ${status}`);
    totals.passed += counts.passed;
    totals.failed += counts.failed + (status !== 0 && counts.failed === 0 ? 1 : 0);
  });
}

function junitCounts(file) {
  const text = readFileSync(file, "utf8");
  const counted = /<testsuites[^>]* tests="(\d+)"[^>]* failures="(\d+)"[^>]* errors="(\d+)"/.exec(text);
  if (!counted) throw new Error("the report has no counts");
  const [, tests, broken, errors] = counted;
  const failed = Number(broken) + Number(errors);
  const failing = text.matchAll(
    /<testcase name="([^"]*)" classname="([^"]*)"[^>]*>\s*<(?:failure|error) message="([^"]*)"/g,
  );
  return {
    passed: Number(tests) - failed,
    failed,
    failures: Array.from(
      failing,
      ([, name, file, message]) => unescapeXml(`${file} › ${name}: ${message.split("\n")[0]}`),
    ),
  };
}

function unescapeXml(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&apos;", "'")
    .replaceAll("&#10;", " ").replaceAll("&amp;", "&");
}

function playwrightCounts(file) {
  const { stats: { expected, unexpected, flaky }, suites } = JSON.parse(readFileSync(file, "utf8"));
  return { passed: expected, failed: unexpected + flaky, failures: suites.flatMap(failedSpecs) };
}

function failedSpecs({ file, specs = [], suites = [] }) {
  return [...specs.filter(({ ok }) => !ok).map(({ title }) => `${file} › ${title}`), ...suites.flatMap(failedSpecs)];
}

/** @param {string[]} files */
function unit(lane, name, report, files) {
  const junit = `${results}/${report}.xml`;
  return suite(
    lane,
    name,
    deno,
    ["test", "--no-check", "-A", "--unstable-net", `--junit-path=${junit}`, ...files],
    {},
    () => junitCounts(junit),
  );
}

/**
 * @returns {string[]} the test files of these folders but those that are judged by their time. `deno test
 *   --ignore` reaches no further than the first of several folders.
 */
function untimed(...folders) {
  const files = folders.flatMap((folder) =>
    readdirSync(`${root}/${folder}`, { recursive: true }).map((file) => `${folder}/${file}`)
  );
  return files.filter((file) => file.endsWith("_test.ts") && !timed.includes(file)).sort();
}

function playwright(name, config, report, args = []) {
  const file = `${results}/${report}.json`;
  return suite("", name, process.execPath, ["node_modules/@playwright/test/cli.js", "test", "-c", config, ...args], {
    PLAYWRIGHT_JSON_OUTPUT_FILE: file,
  }, () => playwrightCounts(file));
}

installPackages();
installDebianPackages({
  capnp: "capnproto",
  ...(findProgram("chromium") ? {} : { chromium: "chromium" }),
  "firefox-esr": "firefox-esr",
  caddy: "caddy",
});
rmSync(results, { recursive: true, force: true });
mkdirSync(results, { recursive: true });

// Downloads, for the most part; what it can not do is told by the containers' own part.
const engine = wantsContainers ? run("containers", process.execPath, ["scripts/containers.mjs", "prepare"]) : undefined;

if (wants("unit")) {
  const engineLane = async () => {
    const rooms = ["schema", "client", "server-common", "server-core", "gateway", "cli", "bench"];
    await check("engine", "types of servers, client and CLI (deno check)", deno, ["check", "--quiet", ...rooms]);
    await check("engine", "types of the app (tsc)", process.execPath, [
      "node_modules/typescript/bin/tsc",
      "-p",
      "tsconfig.json",
    ]);
    await check("engine", "generated schema is fresh", process.execPath, ["scripts/schema.mjs", "--check"]);
    await unit(
      "engine",
      "unit tests of schema, client and web (deno test)",
      "unit-engine",
      untimed("schema", "client", "web"),
    );
  };
  await Promise.all([
    engineLane(),
    unit(
      "servers",
      "unit tests of core, gateway, CLI and accounts (deno test)",
      "unit-servers",
      untimed("server-common", "server-core", "gateway", "cli", "bench", "e2e", "scripts"),
    ),
  ]);
}
await engine;
if (wants("unit")) await unit("", "unit tests that are judged by their time (deno test)", "unit-timed", timed);
if (wants("interface")) {
  await check("", "build of the app around an engine in memory", process.execPath, [
    "node_modules/vite/bin/vite.js",
    "build",
    "--mode",
    "fake",
    "--logLevel",
    "warn",
  ]);
  await playwright("interface tests (Playwright)", "web/testing/browser/playwright.config.ts", "interface");
}
if (wants("e2e")) {
  buildIfStale();
  await playwright("browser tests (Playwright)", "e2e/playwright.config.ts", "e2e", [
    "--project",
    "webtransport",
    "--project",
    "https",
  ]);
  await playwright(
    "browser tests that are judged by their time (Playwright)",
    "e2e/playwright.config.ts",
    "e2e-timed",
    ["--project", "timed"],
  );
}
if (wantsContainers) {
  const file = `${results}/containers-counts.json`;
  await suite(
    "",
    "containers (Docker engine in private namespaces)",
    process.execPath,
    ["scripts/containers.mjs"],
    {},
    () => JSON.parse(readFileSync(file, "utf8")),
  );
}

console.log(`\n${times.map(({ name, seconds }) => `${seconds.toFixed(0).padStart(5)} s  ${name}`).join("\n")}`);
if (failures.length > 0) console.log(`\nfailed:\n${failures.map((failure) => `  ${failure}`).join("\n")}`);
console.log(`\n${totals.passed} passed, ${totals.failed} failed`);
process.exit(totals.failed === 0 && totals.passed > 0 ? 0 : 1);
