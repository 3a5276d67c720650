/** What an image holds. */

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { docker } from "./compose.ts";

/** @returns the paths in an image */
export function filesOf(image: string): string[] {
  const folder = mkdtempSync(`${tmpdir()}/qpq-image-`);
  const id = docker("create", image).trim();
  try {
    docker("export", "-o", `${folder}/image.tar`, id);
    return execFileSync("tar", ["-tf", `${folder}/image.tar`], { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 }).trim()
      .split("\n");
  } finally {
    docker("rm", id);
    rmSync(folder, { recursive: true });
  }
}
