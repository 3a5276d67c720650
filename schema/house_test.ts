/** House rules that a machine can check: a file of code has at most 350 lines, a line at most 120 characters. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const maxLines = 350;
const maxColumns = 120;

/** Folders that hold what is generated or fetched. */
const notOurs = new Set(["node_modules", "dist", "data", "test-results", "generated"]);

/** Not SQL: released migrations are never changed. Not the texts of the app, which grow with the app. */
const isCode = (path: string) => /\.(tsx?|mjs|css|capnp)$/.test(path) && !path.startsWith("web/i18n/");

function codeFiles(folder = ""): string[] {
  return readdirSync(root + folder, { withFileTypes: true }).flatMap((entry) => {
    const path = folder + entry.name;
    if (entry.isDirectory()) return notOurs.has(entry.name) || entry.name.startsWith(".") ? [] : codeFiles(`${path}/`);
    return isCode(path) ? [path] : [];
  });
}

function linesOf(path: string): string[] {
  return readFileSync(root + path, "utf8").trimEnd().split("\n");
}

Deno.test("no file of code has more than 350 lines", () => {
  const files = codeFiles();
  assert.ok(files.length > 400);
  const tooLong = files.map((path) => ({ path, lines: linesOf(path).length }))
    .filter(({ lines }) => lines > maxLines);
  assert.deepEqual(tooLong, []);
});

Deno.test("no line of code has more than 120 characters", () => {
  const files = codeFiles();
  const tooLong = files.flatMap((path) =>
    linesOf(path).flatMap((line, index) => line.length > maxColumns ? [`${path}:${index + 1}`] : [])
  );
  assert.deepEqual(tooLong, []);
});
