import assert from "node:assert/strict";

/** @returns the files that a file loads with itself: all but what it loads by `import()`, and types */
function loadedWith(file: URL, known: Map<string, string> = new Map()): Map<string, string> {
  if (known.has(file.href)) return known;
  const code = Deno.readTextFileSync(file);
  known.set(file.href, code);
  for (const [, path] of code.matchAll(/^(?:import|export)\s(?!type\b)[^;"]*?"(\.[^"]+)"/gm)) {
    loadedWith(new URL(path, file), known);
  }
  return known;
}

Deno.test("the engine starts without what passwords alone need", () => {
  const files = loadedWith(new URL("../../engine/engine.ts", import.meta.url));
  assert.ok(files.size > 100, `${files.size} files`);
  const libraries = /from "(@cloudflare\/opaque-ts|hash-wasm|@zxcvbn-ts\/[^"]+)"/;
  assert.deepEqual([...files].filter(([, code]) => libraries.test(code)).map(([href]) => href), []);
});
