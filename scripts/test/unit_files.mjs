/** Divides the unit tests into portions, so that they fill all cores. */

import { readdirSync } from "node:fs";
import { root } from "../paths.mjs";

/** Folders without unit tests. */
const elsewhere = new Set(["node_modules", "dist", "data", "docs", "patches", "public", "test-results"]);

/** Files that take long: each is a portion of its own, and they come first. */
const long = [
  "server-core/crash_test.ts",
  "cli/scripts_test.ts",
  "cli/process_test.ts",
  "client/scenarios/backlog_test.ts",
  "e2e/account/password_test.ts",
  "e2e/account/account_test.ts",
  "server-core/operator/operator_test.ts",
];
/** Every portion starts the runner and loads the modules anew, so they are not too small. */
const filesPerPortion = 10;

/**
 * @typedef {{ name: string, files: string[] }} Portion
 * @returns {Portion[]} every test file of the repository is in exactly one
 */
export function unitPortions() {
  const rooms = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith(".") && !elsewhere.has(entry.name))
    .map(({ name }) => name);
  const files = rooms.flatMap((room) =>
    readdirSync(`${root}/${room}`, { recursive: true }).map((file) => `${room}/${file}`)
      .filter((file) => file.endsWith("_test.ts")).sort()
  );
  const alone = long.filter((file) => files.includes(file)).map((file) => ({ name: file, files: [file] }));
  const together = rooms.flatMap((room) => {
    const ofRoom = files.filter((file) => file.startsWith(`${room}/`) && !long.includes(file));
    const count = Math.ceil(ofRoom.length / filesPerPortion);
    const size = Math.ceil(ofRoom.length / count);
    return Array.from({ length: count }, (_, index) => ({
      name: count === 1 ? room : `${room} ${index + 1}/${count}`,
      files: ofRoom.slice(index * size, (index + 1) * size),
    }));
  });
  // The engine's tests are the slowest of the rest.
  return [
    ...alone,
    ...together.sort((a, b) => Number(b.name.startsWith("client")) - Number(a.name.startsWith("client"))),
  ];
}
