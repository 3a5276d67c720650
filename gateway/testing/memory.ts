/**
 * Measures the memory of a process after a garbage collection. Without it, a test of memory would depend on
 * the time of the last collection.
 */

import v8 from "node:v8";
import vm from "node:vm";

v8.setFlagsFromString("--expose-gc");
const collectGarbage = vm.runInNewContext("gc") as () => void;

/** @returns resident MiB of this process, after a collection */
export function heldMiB(): number {
  collectGarbage();
  return Deno.memoryUsage().rss / 2 ** 20;
}
