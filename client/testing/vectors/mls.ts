/**
 * The MLS working group's vectors (mlswg/mls-implementations, test-vectors.md) through ts-mls's modules on
 * our provider.
 */

import { Checker, type VectorCount, VectorError } from "./check.ts";
import { type Case, cryptoBasics, keySchedule, pskSecret, secretTree, transcriptHashes } from "./mls_keys.ts";
import { messageProtection, passiveClient, welcome } from "./mls_messages.ts";
import { treeKem, treeOperations, treeValidation } from "./mls_trees.ts";

const runners: Record<string, (vector: Case, check: Checker) => Promise<void>> = {
  "crypto-basics": cryptoBasics,
  "key-schedule": keySchedule,
  "message-protection": messageProtection,
  "passive-client-handling-commit": passiveClient,
  "passive-client-welcome": passiveClient,
  "psk_secret": pskSecret,
  "secret-tree": secretTree,
  "transcript-hashes": transcriptHashes,
  "tree-operations": treeOperations,
  "tree-validation": treeValidation,
  "treekem": treeKem,
  "welcome": welcome,
};

/** File names without ".json". */
export const mlsVectorNames = Object.keys(runners);

/**
 * @param name one of {@link mlsVectorNames}
 * @param json the file, parsed: a list of cases
 * @throws VectorError at the first difference
 */
export async function runMlsVectors(name: string, json: unknown): Promise<VectorCount> {
  const run = runners[name];
  if (run === undefined) throw new VectorError(`no such MLS vectors: ${name}`);
  const check = new Checker(name);
  for (const vector of json as Case[]) {
    if (vector.cipher_suite === 1) await run(vector, check);
  }
  return check.count();
}
