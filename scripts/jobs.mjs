/** Runs commands side by side on the cores of this machine. Output comes at the end of each, and only when it fails. */

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
 * Runs jobs in their order, as many at once as there are cores. Prints a line for each: seconds, verdict, name.
 *
 * @param {Job[]} jobs the longest first keeps all cores busy to the end
 * @param {number} [width] how many run at once
 * @returns {Promise<string[]>} the names of those that failed
 */
export async function runJobs(jobs, width = Math.max(2, availableParallelism())) {
  const waiting = [...jobs];
  const failed = /** @type {string[]} */ ([]);
  const lane = async () => {
    for (let job = waiting.shift(); job; job = waiting.shift()) {
      const startMs = performance.now();
      const { status, output } = await runQuietly(job);
      const seconds = ((performance.now() - startMs) / 1000).toFixed(1).padStart(6);
      console.log(`${seconds} s  ${status === 0 ? "ok    " : "FAILED"}  ${job.name}`);
      if (status === 0) continue;
      failed.push(job.name);
      console.log(output);
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
  return failed;
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
