/** What the unit tests reach, by room. */

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { deno, root } from "../paths.mjs";

/**
 * @param {string} folder what `deno test --coverage` wrote, in folders of any depth
 * @returns {string} a line for each room: the share of lines of production code that a test ran
 */
export function coverageByRoom(folder) {
  removeCutFiles(folder);
  const lcov = execFileSync(
    deno,
    [
      "coverage",
      "--quiet",
      "--lcov",
      "--exclude=_test\\.ts|/testing/|/generated/|/node_modules/|/e2e/|/chaos/|/scripts/",
      folder,
    ],
    { cwd: root, encoding: "utf8", maxBuffer: 256 * 1024 * 1024 },
  );
  const rooms = new Map();
  let room = "";
  for (const line of lcov.split("\n")) {
    const [key, value] = line.split(":", 2);
    if (key === "SF") {
      const [first, second] = value.slice(root.length + 1).split("/");
      room = first === "client" ? `${first}/${second}` : first;
      if (!rooms.has(room)) rooms.set(room, { found: 0, hit: 0 });
    } else if (key === "LF") rooms.get(room).found += Number(value);
    else if (key === "LH") rooms.get(room).hit += Number(value);
  }
  return [...rooms].sort(([a], [b]) => a < b ? -1 : 1)
    .map(([name, { found, hit }]) =>
      `${(100 * hit / found).toFixed(0).padStart(4)} %  ${name} (${hit} of ${found} lines)`
    )
    .join("\n");
}

/** A process that a test has killed leaves a file that ends anywhere; `deno coverage` reads none then. */
function removeCutFiles(folder) {
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".json")) continue;
    try {
      JSON.parse(readFileSync(`${folder}/${name}`, "utf8"));
    } catch {
      rmSync(`${folder}/${name}`);
    }
  }
}
