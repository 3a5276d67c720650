/** docs/hardening.md and the tests that it names say the same. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const rooms = readdirSync(root, { withFileTypes: true })
  .filter((entry) =>
    entry.isDirectory() && !entry.name.startsWith(".") && !["node_modules", "dist", "data"].includes(entry.name)
  )
  .map(({ name }) => name);
const row = /^\| ([AB]\d|1?\d) +\| .+ \| (.+?) +\|$/gm;

/** "A1 client/mls/rules_test.ts" for each file that a row names. */
function named(page: string): string[] {
  const found = [...page.matchAll(row)].flatMap(([, item, files]) =>
    [...files.matchAll(/`([^`]+)`/g)].map(([, file]) => `${item} ${file}`)
  );
  return [...new Set(found)];
}

/** The same for each test file that has a test with an item's name. */
function tested(): string[] {
  const found = rooms.flatMap((room) =>
    readdirSync(join(root, room), { recursive: true, encoding: "utf8" })
      .filter((file) => /(_test\.tsx?|\.spec\.ts)$/.test(file) && !file.includes("node_modules"))
      .flatMap((file) => {
        const place = join(root, room, file);
        const items = readFileSync(place, "utf8").matchAll(/["'`](?:PEOPLE ([AB]\d)|SERVERS (1?\d)): /g);
        return [...items].map(([, person, server]) => `${person ?? server} ${relative(root, place)}`);
      })
  );
  return [...new Set(found)];
}

Deno.test("docs/hardening.md names each test of an item, and each test it names is there", () => {
  const page = readFileSync(join(root, "docs/hardening.md"), "utf8");
  assert.deepEqual(named(page).sort(), tested().sort());
});

Deno.test("named() reads a row's item and its files", () => {
  const page =
    "| item | kind | tests |\n| A1 | keys, `seq` | `a/b_test.ts`, `c_test.ts` |\n| Z1 | `d` |\n| 12 | y | `e` |\n";
  assert.deepEqual(named(page), ["A1 a/b_test.ts", "A1 c_test.ts", "12 e"]);
});
