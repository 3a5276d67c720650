/**
 * What a process holds once nothing is left to collect: without that, a test of memory measures when the
 * engine last felt like tidying up.
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
