/** Runs all public test vectors, in Deno and in browsers (there through the bundle). */

import { mlsVectorNames, runMlsVectors } from "./mls.ts";
import { runOpaqueVectors } from "./opaque.ts";
import { runWycheproof, wycheproofNames } from "./wycheproof.ts";
import { runXWingVectors } from "./xwing.ts";

/**
 * @param load gives a parsed file of the vectors folder, such as "mls/welcome.json"
 * @returns path → how many values were checked, each > 0
 * @throws VectorError at the first difference
 */
export async function runAllVectors(load: (path: string) => Promise<unknown>): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const name of mlsVectorNames) {
    counts[`mls/${name}.json`] = (await runMlsVectors(name, await load(`mls/${name}.json`))).checked;
  }
  for (const name of wycheproofNames) {
    counts[`wycheproof/${name}.json`] = (await runWycheproof(name, await load(`wycheproof/${name}.json`))).checked;
  }
  counts["xwing/test-vectors.json"] = (await runXWingVectors(await load("xwing/test-vectors.json"))).checked;
  counts["opaque/draft-07.json"] = (await runOpaqueVectors(await load("opaque/draft-07.json"))).checked;
  return counts;
}
