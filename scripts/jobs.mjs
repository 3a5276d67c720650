/** Runs work side by side on the cores of this machine, and says how long each part took. */

import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { root } from "./paths.mjs";

/**
 * @typedef {object} Job
 * @property {string} name what it does, for the reader of a log
 * @property {string} command
 * @property {string[]} args
 */

/**
 * Takes work in its order, some of it at once.
 *
 * @param {(() => Promise<unknown>)[]} work the longest first keeps all cores busy to the end
 * @param {number} [lanes] as many as there are cores; more where the work waits a good part of its time
 * @param {Promise<(() => Promise<unknown>)[]>} [later] work that can not begin yet; when it can, it comes first
 */
export async function inLanes(work, lanes = Math.max(2, availableParallelism()), later = Promise.resolve([])) {
  const waiting = [...work];
  let isComing = true;
  const come = later.then((more) => {
    waiting.unshift(...more);
    isComing = false;
  });
  const lane = async () => {
    while (waiting.length > 0 || isComing) {
      const next = waiting.shift();
      await (next ? next() : come);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

/**
 * Runs commands side by side. Prints a line for each, and its output when it fails.
 *
 * @param {Job[]} jobs
 * @returns {Promise<{ name: string, seconds: number, passed: boolean }[]>}
 */
export async function runJobs(jobs) {
  const done = /** @type {{ name: string, seconds: number, passed: boolean }[]} */ ([]);
  await inLanes(jobs.map((job) => async () => {
    const startMs = performance.now();
    const { status, output } = await runQuietly(job);
    const seconds = (performance.now() - startMs) / 1000;
    const passed = status === 0;
    done.push({ name: job.name, seconds, passed });
    console.log(`${seconds.toFixed(1).padStart(6)} s  ${passed ? "ok    " : "FAILED"}  ${job.name}`);
    if (!passed) console.log(output);
  }));
  return done;
}

/**
 * @param {Job} job
 * @returns {Promise<{ status: number | null, output: string }>} its exit code, and stdout and stderr as they came
 */
function runQuietly({ command, args }) {
  const child = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  const chunks = /** @type {Buffer[]} */ ([]);
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => chunks.push(chunk));
  return new Promise((resolve) => {
    child.once("error", (error) => chunks.push(Buffer.from(error.message)));
    child.once("close", (status) => resolve({ status, output: Buffer.concat(chunks).toString() }));
  });
}
