/**
 * Notices that npm is gone. npm runs a script through a shell. A signal that ends npm ends at most that shell, and the
 * script would go on with nobody to end it.
 */

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

const everyMs = 500;

/** @returns {number | undefined} the process that started another one; undefined where the system does not say it */
function parentOf(pid) {
  try {
    // The name of the program is in parentheses, and may hold any character.
    const [, parent] = /^\d+ \(.*\) \S (\d+) /s.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
    return parent === undefined ? undefined : Number(parent);
  } catch {
    const { stdout } = spawnSync("ps", ["-o", "ppid=", "-p", String(pid)], { encoding: "utf8" });
    return /^\s*\d+\s*$/.test(stdout ?? "") ? Number(stdout) : undefined;
  }
}

/** @returns {boolean} whether there is such a process */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/**
 * Calls `ended` once when the shell or npm above this process is gone. Does nothing where npm did not start it: a
 * program that is started in the background may outlive its parent.
 *
 * @param {() => void} ended
 */
export function whenNpmEnds(ended) {
  if (process.env.npm_lifecycle_event === undefined || process.platform === "win32") return;
  const shell = process.ppid;
  // Where the shell has replaced itself by this program, this one's parent is npm, and npm's is somebody who may go.
  const above = shell > 1 && process.env.npm_execpath !== undefined && isShell(shell) ? parentOf(shell) : undefined;
  const timer = setInterval(() => {
    if (process.ppid === shell && (above === undefined || isAlive(above))) return;
    clearInterval(timer);
    ended();
  }, everyMs);
  timer.unref();
}

/** @returns {boolean} whether a process is the shell of `npm run`, which got its script by `-c` */
function isShell(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0")[1] === "-c";
  } catch {
    const { stdout } = spawnSync("ps", ["-o", "args=", "-p", String(pid)], { encoding: "utf8" });
    return / -c /.test(stdout ?? "");
  }
}
