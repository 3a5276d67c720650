import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
// @ts-ignore: plain JavaScript with JSDoc types
import { root } from "../paths.mjs";
// @ts-ignore: plain JavaScript with JSDoc types
import { unitPortions } from "./unit_files.mjs";

interface Portion {
  files: string[];
  together: boolean;
}

Deno.test("every test file is in one portion, and shares a world only when it leaves nothing behind", () => {
  const portions = unitPortions() as Portion[];
  const listed = portions.flatMap(({ files }) => files);
  const list = ["ls-files", "--cached", "--others", "--exclude-standard", "*_test.ts"];
  const there = execFileSync("git", list, { cwd: root, encoding: "utf8" }).trim().split("\n");
  assert.deepEqual([...listed].sort(), there.sort());
  const shared = portions.filter(({ together }) => together).flatMap(({ files }) => files);
  for (const file of shared) {
    assert.equal(readFileSync(`${root}/${file}`, "utf8").includes("sanitizeOps: false"), false, file);
  }
  assert.equal(shared.includes("gateway/http_test.ts"), false, "its helper registers tests that leave connections");
});
