/**
 * GRP-6.5: no HPKE key and no signature key stands twice in a ratchet tree, and no HPKE key is of small order
 * (RFC 9420 §7.3, §7.9.2; docs/decisions/031).
 *
 * ts-mls 1.6.4 compares the nodes of the tree BEFORE a commit, so a commit that brings a key in again passes, and every
 * commit and join after it fails for good. These checks judge the tree AFTER it.
 *
 * An X-Wing key may stand twice: a header is sealed to a key and for one device (specification §2.2), and S is the same
 * for all. Who copies another's X-Wing key can not open its own headers, and harms nobody else.
 */

import type { LeafNode, RatchetTree } from "ts-mls";
import { toHex } from "../../schema/bytes.ts";
import { isX25519Key } from "../../schema/x25519.ts";
import { deviceCredentialOf } from "./identity.ts";
import type { Rejected } from "./types.ts";

/** Two nodes of a tree with one key, or one node whose key is of small order. */
export interface KeyClash {
  reason: string;
  /** The leaf indexes, where all of the nodes are leaves: each is signed by the device that has it. */
  leaves: number[];
}

/**
 * Looks at each node once.
 *
 * @param tree after a commit, or of a Welcome
 * @returns the clashes of the tree, in the order of its nodes; none for a sound tree
 */
export function keyClashes(tree: RatchetTree): KeyClash[] {
  const [hpke, signature] = [new Map<string, number>(), new Map<string, number>()];
  const clashes: KeyClash[] = [];
  const note = (seen: Map<string, number>, key: Uint8Array, nodeIndex: number, what: string) => {
    const text = toHex(key);
    const other = seen.get(text);
    if (other === undefined) seen.set(text, nodeIndex);
    else clashes.push({ reason: `${what} stands twice in the tree`, leaves: leavesOf([other, nodeIndex]) });
  };
  for (let nodeIndex = 0; nodeIndex < tree.length; nodeIndex++) {
    const node = tree[nodeIndex];
    if (node === undefined) continue;
    const { hpkePublicKey } = node.nodeType === "leaf" ? node.leaf : node.parent;
    if (!isX25519Key(hpkePublicKey)) {
      clashes.push({ reason: "an encryption key of the tree is not usable", leaves: leavesOf([nodeIndex]) });
    }
    note(hpke, hpkePublicKey, nodeIndex, "an encryption key");
    if (node.nodeType === "leaf") note(signature, node.leaf.signaturePublicKey, nodeIndex, "a signature key");
  }
  return clashes;
}

// The leaf of leaf index i is node 2 × i (RFC 9420, appendix C).
function leavesOf(nodeIndexes: number[]): number[] {
  return nodeIndexes.every((nodeIndex) => nodeIndex % 2 === 0) ? nodeIndexes.map((nodeIndex) => nodeIndex / 2) : [];
}

/** GRP-6.5 on a whole tree. @returns a refusal, or undefined for a sound tree */
export function checkUniqueKeys(tree: RatchetTree): Rejected | undefined {
  const [clash] = keyClashes(tree);
  return clash && { kind: "rejected", code: "GRP-6.5", reason: clash.reason };
}

/**
 * GRP-6.5 on Adds, before they are in the tree.
 *
 * @param tree before the commit
 * @param removed leaf indexes that the commit removes
 * @param added the leaves of the KeyPackages, in the order of the Adds
 * @returns the indexes in `added` of the leaves whose key stands in the tree or in an earlier Add. A key that the
 *   commit takes out of a parent node, or out of the committer's leaf, counts as well: no honest device has it
 */
export function clashingAdds(tree: RatchetTree, removed: ReadonlySet<number>, added: LeafNode[]): Set<number> {
  const clashing = new Set<number>();
  if (added.length === 0) return clashing;
  const [hpke, signature] = [new Set<string>(), new Set<string>()];
  for (let nodeIndex = 0; nodeIndex < tree.length; nodeIndex++) {
    const node = tree[nodeIndex];
    if (node?.nodeType === "parent") hpke.add(toHex(node.parent.hpkePublicKey));
    if (node?.nodeType !== "leaf" || removed.has(nodeIndex / 2)) continue;
    hpke.add(toHex(node.leaf.hpkePublicKey));
    signature.add(toHex(node.leaf.signaturePublicKey));
  }
  for (const [index, { hpkePublicKey, signaturePublicKey }] of added.entries()) {
    const [ofHpke, ofSignature] = [toHex(hpkePublicKey), toHex(signaturePublicKey)];
    if (hpke.has(ofHpke) || signature.has(ofSignature)) {
      clashing.add(index);
      continue;
    }
    hpke.add(ofHpke);
    signature.add(ofSignature);
  }
  return clashing;
}

/**
 * The accounts to blame for a tree that is damaged already. Of two leaves of one account with one key, that account
 * has made both. Of two accounts one has copied the other's key, and the tree does not say which. A parent node does
 * not say who made it.
 *
 * @returns account keys as hex
 */
export function accountsToBlame(tree: RatchetTree): string[] {
  const accountAt = (leafIndex: number) => {
    const node = tree[2 * leafIndex];
    return node?.nodeType === "leaf" ? toHex(deviceCredentialOf(node.leaf.credential).accountKey) : undefined;
  };
  const blamed = keyClashes(tree).flatMap(({ leaves }) => {
    const accounts = leaves.map(accountAt);
    return new Set(accounts).size === 1 ? accounts : [];
  });
  return [...new Set(blamed)].filter((account) => account !== undefined);
}
