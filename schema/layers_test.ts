/** The tree is the map: imports run one way (architecture §4) and never in a circle. */

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What each room may import from, besides itself. */
const mayImport: Record<string, string[]> = {
  schema: [],
  client: ["schema"],
  web: ["client", "schema"],
  cli: ["client", "schema"],
  gateway: ["schema"],
  "server-core": ["schema"],
};

function sourcesOf(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === "generated" ? [] : sourcesOf(path);
    return /\.tsx?$/.test(entry.name) ? [path] : [];
  });
}

/** Relative imports that remain at run time (types alone make no circle), as paths. */
function importsOf(file: string, withTypes: boolean): string[] {
  const source = readFileSync(file, "utf8");
  const found = source.matchAll(/^\s*(?:import|export)\s+(type\s)?(?:[^;"']*?\sfrom\s+)?["'](\.[^"']+)["']/gm);
  return [...found].filter(([, type]) => withTypes || !type).map(([, , specifier]) => join(dirname(file), specifier));
}

// Tests and their helpers may reach across: they put parts together that the product keeps apart.
const isTest = (file: string) => /_test\.tsx?$/.test(file) || file.includes("/testing/");

Deno.test("imports run web, cli → client → schema; gateway → schema; server-core → schema", () => {
  const wrong: string[] = [];
  let checked = 0;
  for (const [room, allowed] of Object.entries(mayImport)) {
    for (const file of sourcesOf(join(root, room)).filter((file) => !isTest(file))) {
      for (const target of importsOf(file, true)) {
        checked++;
        const targetRoom = relative(root, target).split("/")[0];
        if (targetRoom !== room && !allowed.includes(targetRoom)) {
          wrong.push(`${relative(root, file)} → ${relative(root, target)}`);
        }
      }
    }
  }
  assert.ok(checked > 50);
  assert.deepEqual(wrong, []);
});

Deno.test("no file imports itself through others", () => {
  const files = Object.keys(mayImport).flatMap((room) => sourcesOf(join(root, room)));
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, path: string[]) => {
    if (path.includes(file)) {
      circles.push([...path.slice(path.indexOf(file)), file].map((step) => relative(root, step)).join(" → "));
      return;
    }
    if (done.has(file) || !existsSync(file)) return;
    for (const target of importsOf(file, false)) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  assert.deepEqual(circles, []);
});
