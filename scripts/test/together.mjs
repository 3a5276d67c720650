/**
 * Registers the tests of the files that it gets as arguments. Deno gives each file that it is told to test a world
 * of its own and loads every module anew, which takes longer than most tests. Here they share one.
 */

import { root } from "../paths.mjs";

for (const file of globalThis.Deno.args) await import(`${root}/${file}`);
