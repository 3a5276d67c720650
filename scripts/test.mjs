/**
 * `npm test`: installs what is missing, then everything that can fail: the checks of `npm run check`, the
 * generated schema, unit tests (Deno), the interface alone and the whole in browsers (Playwright), a short kill
 * loop, and the containers. Ends with how long each part took, and `N passed, N failed`.
 *
 * `npm test -- check`, `unit`, `interface`, `e2e`, `chaos` or `containers` runs a part; `unit` prints what the tests
 * cover, too. QPQ_TEST_NO_CONTAINERS=1 leaves the containers out.
 *
 * Parts run side by side, as many at once as there are cores; the tests in browsers are one of them, since they start
 * several programs at a time. No test is judged by how fast this machine is (docs/decisions/026-tools.md).
 */

import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { createInterface } from "node:readline";
import { checkJobs } from "./check.mjs";
import { installPackages } from "./install.mjs";
import { inLanes, runJobs } from "./jobs.mjs";
import { deno, root } from "./paths.mjs";
import { coverageByRoom } from "./test/coverage.mjs";
import { LastWords } from "./test/last_words.mjs";
import { junitCounts, playwrightCounts } from "./test/reports.mjs";
import { unitPortions } from "./test/unit_files.mjs";

const parts = process.argv.slice(2);
const wants = (part) => parts.length === 0 || parts.includes(part);
const wantsContainers = wants("containers") && process.env.QPQ_TEST_NO_CONTAINERS !== "1";
const results = `${root}/test-results`;
const coverage = parts.includes("unit") ? `${results}/coverage` : undefined;
/** Nothing takes as long as this; what does, hangs. */
const limitMs = 45 * 60_000;
const totals = { passed: 0, failed: 0 };
const times = /** @type {{ name: string, seconds: number }[]} */ ([]);
/** What failed, said once more at the end: a log is often seen from its end. */
const failures = /** @type {string[]} */ ([]);
/** What the parts that failed said last. */
const lastWords = /** @type {{ part: string, words: LastWords }[]} */ ([]);
/** Room for all of them, in characters. */
const lastWordsLength = 7_000;

/**
 * @returns {Promise<number | null>} the exit code; the command's lines come with the name of the part before
 *   them
 */
function run(part, command, args, env = {}) {
  const child = spawn(command, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: limitMs,
    killSignal: "SIGKILL",
  });
  const words = new LastWords();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      console.log(`${part} | ${line}`);
      words.take(line);
    });
  }
  return new Promise((resolve) => {
    child.once("close", resolve);
    // A program that the child has left behind may hold the pipes open.
    child.once("exit", (status) => {
      if (status !== 0) lastWords.push({ part, words });
      setTimeout(resolve, 10_000, status);
    });
  });
}

async function step(name, work) {
  console.log(`== ${name}`);
  const startMs = performance.now();
  const isGood = await work();
  const seconds = (performance.now() - startMs) / 1000;
  times.push({ name, seconds });
  console.log(`== ${isGood ? "ok" : "FAILED"}: ${name} (${seconds.toFixed(0)} s)`);
}

/** A command that is one check: it passes when it exits with 0. */
function check(part, name, command, args) {
  return step(name, async () => {
    const status = await run(part, command, args);
    totals[status === 0 ? "passed" : "failed"] += 1;
    if (status !== 0) failures.push(name);
    return status === 0;
  });
}

/** A test runner that writes its counts to a file; a runner that breaks before it could counts as one failure. */
function suite(part, name, command, args, env, readCounts) {
  return step(name, async () => {
    const status = await run(part, command, args, env);
    let counts = /** @type {import("./test/reports.mjs").Counts} */ ({ passed: 0, failed: 1 });
    try {
      counts = readCounts();
    } catch (error) {
      console.error(`${name}: no counts: ${error.message}`);
    }
    failures.push(...(counts.failures ?? []));
    if (status !== 0 && !counts.failures?.length) failures.push(`${name}: exit code ${status}`);
    totals.passed += counts.passed;
    totals.failed += counts.failed + (status !== 0 && counts.failed === 0 ? 1 : 0);
    return status === 0;
  });
}

/** @param {import("./test/unit_files.mjs").Portion} portion */
function unit({ name, files, together }, index) {
  const junit = `${results}/unit-${index}.xml`;
  const collects = coverage ? [`--coverage=${coverage}/${index}`] : [];
  // What tests of the page import is what the page gets: for Deno, SolidJS has a build without reactions.
  const conditions = files.every((file) => file.startsWith("web/")) ? ["--conditions=browser"] : [];
  const flags = ["--no-check", "-A", "--unstable-net", ...conditions, ...collects];
  const tests = together ? ["scripts/test/together.mjs", "--", ...files] : files;
  const args = ["test", ...flags, `--junit-path=${junit}`, ...tests];
  return suite(name, `unit tests: ${name}`, deno, args, {}, () => junitCounts(junit));
}

function playwright(part, name, config) {
  const report = `${results}/${part}.json`;
  const args = ["node_modules/@playwright/test/cli.js", "test", "-c", config];
  return suite(
    part,
    name,
    process.execPath,
    args,
    { PLAYWRIGHT_JSON_OUTPUT_FILE: report },
    () => playwrightCounts(report),
  );
}

async function interfaceTests() {
  const vite = ["node_modules/vite/bin/vite.js", "build", "--mode", "fake", "--logLevel", "warn"];
  await check("interface", "build of the app around an engine in memory", process.execPath, vite);
  await playwright("interface", "interface tests (Playwright)", "web/testing/browser/playwright.config.ts");
}

function containers() {
  const counts = `${results}/containers-counts.json`;
  return suite(
    "containers",
    "containers (Docker engine in private namespaces)",
    process.execPath,
    [
      "scripts/containers.mjs",
    ],
    {},
    () => JSON.parse(readFileSync(counts, "utf8")),
  );
}

const startMs = performance.now();
// Browsers take apt about as long as npm's packages and the check take, and these need none of them.
const programs = run("install", process.execPath, ["scripts/install.mjs"]);
installPackages();
times.push({ name: "installing npm's packages", seconds: (performance.now() - startMs) / 1000 });
rmSync(results, { recursive: true, force: true });
mkdirSync(results, { recursive: true });

// Downloads, for the most part; what it can not do is told by the containers' own part.
const engine = wantsContainers ? run("containers", process.execPath, ["scripts/containers.mjs", "prepare"]) : undefined;

if (wants("check")) {
  for (const { name, seconds, passed } of await runJobs(checkJobs())) {
    times.push({ name, seconds });
    totals[passed ? "passed" : "failed"] += 1;
    if (!passed) failures.push(name);
  }
}

/** Resolves when dist/web is built, which browser tests and containers share. */
let appIsBuilt = () => {};
const app = new Promise((resolve) => appIsBuilt = () => resolve(undefined));

/** Everything in browsers, one suite after the other: two at once leave each browser too little of a machine. */
async function buildAndBrowserTests() {
  if (wants("e2e") || wants("chaos") || wantsContainers) {
    await check("build", "build of the app", process.execPath, ["scripts/build.mjs"]);
    appIsBuilt();
  }
  if (wants("e2e")) await playwright("e2e", "browser tests (Playwright)", "e2e/playwright.config.ts");
  if (wants("interface")) await interfaceTests();
}

/** Judged on lost and doubled messages alone: how fast everybody is back depends on what else runs. */
function killLoop() {
  const args = ["scripts/chaos.mjs", "--kills", "20", "--pace", "3", "--wait", "1"];
  return check("chaos", "kill loop: after 20 kills no message is lost or doubled", process.execPath, args);
}

/** @returns {Promise<(() => Promise<unknown>)[]>} what needs Debian's packages, when they are there */
async function withPrograms(portions) {
  if (await programs !== 0) {
    totals.failed += 1;
    failures.push("installing Debian's packages; browsers, gateway and containers were not tested");
    return [];
  }
  times.push({ name: "until Debian's packages were there", seconds: (performance.now() - startMs) / 1000 });
  const work = /** @type {(() => Promise<unknown>)[]} */ ([]);
  work.push(buildAndBrowserTests);
  if (wants("chaos")) work.push(() => app.then(killLoop));
  if (wantsContainers) work.push(() => Promise.all([engine, app]).then(containers));
  if (wants("unit")) {
    const args = ["scripts/schema.mjs", "--check"];
    work.push(...portions, () => check("schema", "generated schema is fresh", process.execPath, args));
  }
  return work;
}

const portions = wants("unit") ? unitPortions().map((portion, index) => ({ portion, index })) : [];
const work = (needs) =>
  portions.filter(({ portion }) => portion.needsPrograms === needs).map(({ portion, index }) => () =>
    unit(portion, index)
  );
await inLanes(work(false), undefined, withPrograms(work(true)));

if (coverage) console.log(`\nlines that the unit tests ran:\n${coverageByRoom(coverage)}`);
times.push({ name: "in all", seconds: (performance.now() - startMs) / 1000 });
for (const { part, words } of lastWords) {
  console.log(`\n${part} said last:\n${words.end(Math.floor(lastWordsLength / lastWords.length))}`);
}
console.log(`\n${times.map(({ name, seconds }) => `${seconds.toFixed(0).padStart(5)} s  ${name}`).join("\n")}`);
if (failures.length > 0) console.log(`\nfailed:\n${failures.map((failure) => `  ${failure}`).join("\n")}`);
console.log(`\n${totals.passed} passed, ${totals.failed} failed`);
process.exit(totals.failed === 0 && totals.passed > 0 ? 0 : 1);
