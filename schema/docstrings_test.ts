/**
 * Every function that a module exports says something of what it does; a class may leave that to the words at the
 * head of its file.
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

/** Fewer words than these say nothing: "@throws MalformedError", "32 bytes", "Starts it." */
const fewestWords = 3;

/** @param before the lines above an export @returns how many words its docstring has; undefined without a docstring */
function wordsAbove(before: readonly string[]): number | undefined {
  if (!before.at(-1)?.trimEnd().endsWith("*/")) return undefined;
  const text = before.slice(before.findLastIndex((line) => line.startsWith("/**"))).join("\n");
  const said = text.replaceAll(/\{@link ([^}]*)\}/g, "$1").replaceAll(/@(?:param [\w.]+|returns|throws)/g, " ");
  return said.match(/[\p{L}\p{N}]+(?:['’.-][\p{L}\p{N}]+)*/gu)?.length ?? 0;
}

Deno.test("every exported function has a docstring that says something, and every exported class has one, too", () => {
  const silent: string[] = [];
  let seen = 0;
  for (const room of ["schema", "client", "server-common", "server-core", "gateway", "cli", "web"]) {
    for (const file of sourcesIn(new URL(`../${room}/`, import.meta.url))) {
      const lines = Deno.readTextFileSync(file).split("\n");
      for (const [index, line] of lines.entries()) {
        const isClass = exportedClass.test(line);
        if (!isClass && !exportedFunction.test(line)) continue;
        seen++;
        const words = wordsAbove(lines.slice(0, index));
        if (words === undefined && isClass && lines[0].startsWith("/**")) continue;
        if (words === undefined || words < fewestWords) {
          silent.push(`${file.pathname.slice(file.pathname.indexOf(`/${room}/`) + 1)}: ${line}`);
        }
      }
    }
  }
  assert.ok(seen > 500, `${seen} exports read`);
  assert.deepEqual(silent, []);
});

Deno.test("wordsAbove() counts what a docstring says, without tags and names of parameters", () => {
  const counts: [string[], number | undefined][] = [
    [["const x = 1;"], undefined],
    [["/** x */"], 1],
    [["/** @throws MalformedError */"], 1],
    [["/** @param bytes 32 bytes @returns it */"], 3],
    [
      ["/** of another */", "export const y = 1;", "", "/**", " * Starts the app's engine, see {@link Engine}.", " */"],
      6,
    ],
  ];
  for (const [lines, count] of counts) assert.equal(wordsAbove(lines), count, lines.join("\n"));
});
