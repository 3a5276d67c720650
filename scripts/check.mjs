/**
 * `npm run check`: what can be judged without running the product: format, lint, types, unused exports, and the
 * tests of `schema/`, which hold the house rules. `npm run fix` (`--fix`) mends format and lint.
 */

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { installPackages } from "./install.mjs";
import { runJobs } from "./jobs.mjs";
import { deno, root } from "./paths.mjs";

const node = process.execPath;
/** Folders without TypeScript, and `web/`: its JSX is for tsc, its tests are named one by one. */
const notForDeno = new Set(["node_modules", "dist", "data", "docs", "patches", "public", "test-results", "web"]);

/** How `deno fmt` wraps prose. */
export const proseFormat = ["--no-config", "--line-width", "100", "--prose-wrap", "always"];

/** @returns {string[]} Markdown files that belong to the repository */
function proseFiles() {
  const listed = spawnSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"], {
    cwd: root,
    encoding: "utf8",
  });
  if (listed.status !== 0) throw new Error(`this is no git checkout: ${listed.error?.message ?? listed.stderr}`);
  return listed.stdout.split("\n").filter((file) => file !== "" && existsSync(`${root}/${file}`));
}

/** @returns {string[]} everything that `deno check` understands: rooms, tools and tests */
function denoSources() {
  const rooms = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith(".") && !notForDeno.has(entry.name));
  const web = readdirSync(`${root}/web`, { recursive: true }).map(String);
  const webTests = web.filter((file) => file.endsWith("_test.ts") || file.endsWith(".spec.ts"));
  return [...rooms.map(({ name }) => name), "vite.config.ts", ...webTests.map((file) => `web/${file}`)];
}

/** @param {boolean} check says what is wrong, or mends it */
function formatJobs(check) {
  const flags = check ? ["--check", "--quiet"] : ["--quiet"];
  const prose = ["fmt", ...flags, ...proseFormat, ...proseFiles()];
  return [
    { name: "format of code (deno fmt)", command: deno, args: ["fmt", ...flags] },
    { name: "format of prose (deno fmt)", command: deno, args: prose },
  ];
}

/** tsc remembers what it found the last time: it does not look again at files that have not changed. */
function tsc(name, config) {
  return [
    "node_modules/typescript/bin/tsc",
    "--incremental",
    "--tsBuildInfoFile",
    `.cache/tsc/${name}.json`,
    "-p",
    config,
  ];
}

/** The longest first. */
export function checkJobs() {
  const rules = ["schema", "server-core/limits_doc_test.ts"];
  const houseTests = ["test", "--quiet", "--reporter=dot", "--no-check", "-A", "--unstable-net", ...rules];
  return [
    {
      name: "types of servers, engine, CLI, tools and tests (deno check)",
      command: deno,
      args: ["check", "--quiet", ...denoSources()],
    },
    { name: "types of the app (tsc)", command: node, args: tsc("app", "tsconfig.json") },
    { name: "types of scripts (tsc)", command: node, args: tsc("scripts", "tsconfig.scripts.json") },
    {
      name: "unused exports, files and packages (knip)",
      command: node,
      args: ["node_modules/knip/bin/knip.js", "--cache", "--cache-location", ".cache/knip"],
    },
    { name: "house rules and the wire (deno test schema)", command: deno, args: houseTests },
    { name: "lint (deno lint)", command: deno, args: ["lint", "--quiet"] },
    ...formatJobs(true),
  ];
}

if (import.meta.url === `file://${process.argv[1]}`) {
  const startMs = performance.now();
  installPackages();
  const fix = process.argv.includes("--fix");
  const lintFix = { name: "lint (deno lint --fix)", command: deno, args: ["lint", "--quiet", "--fix"] };
  const done = fix ? [...await runJobs([lintFix]), ...await runJobs(formatJobs(false))] : await runJobs(checkJobs());
  console.log(`${((performance.now() - startMs) / 1000).toFixed(1).padStart(6)} s  in all`);
  const failed = done.filter(({ passed }) => !passed).map(({ name }) => name);
  if (failed.length > 0) {
    console.log(`failed: ${failed.join(", ")}${fix ? "" : " (npm run fix mends format and lint)"}`);
  }
  process.exit(failed.length === 0 ? 0 : 1);
}
