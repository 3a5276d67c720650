/**
 * Every function that a module exports says what it does; a class may leave that to the words at the head of
 * its file.
 */

import assert from "node:assert/strict";

/** Tests, their helpers, and what the schema compiler writes are not public faces. */
const isSource = (name: string) => /\.tsx?$/.test(name) && !/_test\.tsx?$|\.spec\.ts$|^testing_/.test(name);
const leftOut = new Set(["generated", "testing", "testdata", "node_modules"]);

function sourcesIn(folder: URL): URL[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    if (isDirectory) return leftOut.has(name) ? [] : sourcesIn(new URL(`${name}/`, folder));
    return isSource(name) ? [new URL(name, folder)] : [];
  });
}

const exportedClass = /^export (?:abstract )?class /;
const exportedFunction = /^export (?:async )?function\*? |^export const \w+(?:: \w+)? = (?:async )?\(/;

Deno.test("every exported function has a docstring, and every exported class one of its own or of its file", () => {
  const without: string[] = [];
  let seen = 0;
  for (const room of ["schema", "client", "server-common", "server-core", "gateway", "cli", "web"]) {
    for (const file of sourcesIn(new URL(`../${room}/`, import.meta.url))) {
      const lines = Deno.readTextFileSync(file).split("\n");
      for (const [index, line] of lines.entries()) {
        const isClass = exportedClass.test(line);
        if (!isClass && !exportedFunction.test(line)) continue;
        seen++;
        if (isClass && lines[0].startsWith("/**")) continue;
        if (!lines[index - 1]?.trimEnd().endsWith("*/")) {
          without.push(`${file.pathname.slice(file.pathname.indexOf(`/${room}/`) + 1)}: ${line}`);
        }
      }
    }
  }
  assert.ok(seen > 500, `${seen} exports read`);
  assert.deepEqual(without, []);
});
