/**
 * Tells a refused commit that proves who made it from one that others can bring about with an honest member's commit
 * (docs/decisions/031). Whoever made a refused commit is left out of the replacement channel.
 */

import { leafAt } from "./identity.ts";
import { checkUniqueKeys } from "./rules_unique_keys.ts";
import type { GroupState, Rejected } from "./types.ts";

/**
 * The rules that are broken by what the committer's leaf has signed and by the MLS state alone. Not among them:
 *
 * - what the server can bring about with another's commit: GRP-1.2 (it delivers the commit under another commitId),
 *   GRP-2.2 (it withholds the proposal that the commit refers to), GRP-3.3 (it withholds the device list that revokes),
 *   and a leaf that this device alone does not trust ("mls");
 * - what a member can bring about together with the server: the confirmation tag ("mls"), which the signature does not
 *   cover (RFC 9420 §6.1).
 */
const selfProving: ReadonlySet<string> = new Set([
  "GRP-1.3",
  "GRP-2.1",
  "GRP-2.3",
  "GRP-2.4",
  "GRP-2.5",
  "GRP-2.6",
  "GRP-2.7",
  "GRP-3.1",
  "GRP-3.2",
  "GRP-3.4",
  "GRP-3.5",
  "GRP-4.1",
  "GRP-4.2",
  "GRP-4.3",
  "GRP-6.5",
]);

/**
 * @param committerLeafIndex the leaf whose signature over the commit was checked
 * @returns the refusal, with the committer's key where the refusal proves that the committer is to blame. In a tree
 *   that is damaged already nobody can make a good commit, so nobody is
 */
export function withProof({ mls }: GroupState, committerLeafIndex: number, refusal: Rejected): Rejected {
  const leaf = leafAt(mls.ratchetTree, committerLeafIndex);
  if (!leaf || !selfProving.has(refusal.code) || checkUniqueKeys(mls.ratchetTree)) return refusal;
  return { ...refusal, by: new Uint8Array(leaf.signaturePublicKey) };
}
