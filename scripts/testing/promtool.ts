/** promtool from Debian's package `prometheus`, without installing it: the package would start a server. */

import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { aptGet, findProgram } from "../install.mjs";
import { root } from "../paths.mjs";

/** @returns the path of promtool @throws Error where the package can not be had */
export function promtool(): string {
  const installed = findProgram("promtool");
  if (installed !== undefined) return installed;
  const folder = `${root}/.cache/promtool`;
  const program = `${folder}/usr/bin/promtool`;
  if (existsSync(program)) return program;
  mkdirSync(`${root}/.cache`, { recursive: true });
  const downloads = mkdtempSync(`${root}/.cache/promtool-`);
  try {
    const download = () =>
      execFileSync("apt-get", ["download", "-qq", "prometheus"], { cwd: downloads, stdio: ["ignore", "pipe", "pipe"] });
    try {
      download();
    } catch {
      aptGet(["update"]);
      download();
    }
    const [name] = readdirSync(downloads);
    execFileSync("dpkg", ["-x", `${downloads}/${name}`, `${downloads}/unpacked`]);
    renameSync(`${downloads}/unpacked`, folder);
    return program;
  } finally {
    rmSync(downloads, { recursive: true, force: true });
  }
}
