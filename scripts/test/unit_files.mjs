/** Divides the unit tests into portions, so that they fill all cores. */

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "../paths.mjs";

/** Folders without unit tests. */
const elsewhere = new Set(["node_modules", "dist", "data", "docs", "patches", "public", "test-results"]);

/** Files that take long: each is a portion of its own, and they come first. */
const long = [
  "scripts/package_test.ts",
  "scripts/start_test.ts",
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

/** Rooms whose tests use browsers or other programs of Debian. These may still be on their way at the start. */
const needsPrograms = /^(e2e|gateway|schema|scripts)\//;

/**
 * @typedef {object} Portion
 * @property {string} name
 * @property {string[]} files
 * @property {boolean} together whether the files can share one world (together.mjs)
 * @property {boolean} needsPrograms whether they need Debian's packages
 */

/** @returns {Portion[]} every test file of the repository is in exactly one */
export function unitPortions() {
  const rooms = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith(".") && !elsewhere.has(entry.name))
    .map(({ name }) => name);
  const files = rooms.flatMap((room) =>
    readdirSync(`${root}/${room}`, { recursive: true }).map((file) => `${room}/${file}`)
      .filter((file) => file.endsWith("_test.ts")).sort()
  );
  const alone = long.filter((file) => files.includes(file)).map((file) => portion(file, [file], false));
  const shared = rooms.flatMap((room) => {
    const ofRoom = files.filter((file) => file.startsWith(`${room}/`) && !long.includes(file));
    return [
      ...portions(room, ofRoom.filter((file) => !leaves(file)), true),
      ...portions(room, ofRoom.filter(leaves), false),
    ];
  });
  // Tests of whole engines wait for much.
  const waits = ({ files }) => files.some((file) => file.startsWith("client/scenarios/"));
  return [...alone, ...shared.filter(waits), ...shared.filter((part) => !waits(part))];
}

/** @returns {Portion} */
function portion(name, files, together) {
  return { name, files, together, needsPrograms: files.some((file) => needsPrograms.test(file)) };
}

function portions(room, files, together) {
  const count = Math.ceil(files.length / filesPerPortion);
  const size = Math.ceil(files.length / count);
  return Array.from({ length: count }, (_, index) => {
    const name = `${room}${together ? "" : ", alone"}${count === 1 ? "" : ` ${index + 1}/${count}`}`;
    return portion(name, files.slice(index * size, (index + 1) * size), together);
  });
}

/**
 * Whether a file's tests may leave timers or connections behind: Deno's check for that is off in the file or in the
 * helper that registers its tests. What they leave would be taken for another file's.
 */
function leaves(file) {
  const text = readFileSync(`${root}/${file}`, "utf8");
  const helpers = Array.from(
    text.matchAll(/from "(\.[^"]*\/testing\/[^"]*)"/g),
    ([, path]) => join(dirname(file), path),
  );
  return [text, ...helpers.map((path) => readFileSync(`${root}/${path}`, "utf8"))].some((code) =>
    code.includes("sanitizeOps: false")
  );
}
