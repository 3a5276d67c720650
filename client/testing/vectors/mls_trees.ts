/** MLS vectors of the ratchet tree: tree-validation, tree-operations, treekem. */

import type { GroupContext } from "ts-mls";
import { decodeProposal } from "ts-mls/proposal.js";
import {
  addLeafNode,
  decodeRatchetTree,
  encodeRatchetTree,
  type RatchetTree,
  removeLeafNode,
  resolution,
  updateLeafNode,
} from "ts-mls/ratchetTree.js";
import { applyUpdatePathSecret } from "ts-mls/createCommit.js";
import { verifyLeafNodeSignature, verifyLeafNodeSignatureKeyPackage } from "ts-mls/leafNode.js";
import { verifyParentHashes } from "ts-mls/parentHash.js";
import { getCommitSecret, pathToRoot } from "ts-mls/pathSecrets.js";
import { type PrivateKeyPath, toPrivateKeyPath } from "ts-mls/privateKeyPath.js";
import { treeHash, treeHashRoot } from "ts-mls/treeHash.js";
import { leafToNodeIndex, leafWidth, root, toLeafIndex, toNodeIndex } from "ts-mls/treemath.js";
import { applyUpdatePath, createUpdatePath, decodeUpdatePath } from "ts-mls/updatePath.js";
import { fromHex, toHex } from "../../../schema/bytes.ts";
import { ciphersuite, ciphersuiteName } from "../../crypto/provider.ts";
import { importX25519Private } from "../../crypto/x25519.ts";
import { type Checker, VectorError } from "./check.ts";
import type { Case } from "./mls_keys.ts";

const { hash, kdf, signature } = ciphersuite;

function ratchetTree(hex: string): RatchetTree {
  const decoded = decodeRatchetTree(fromHex(hex), 0)?.[0];
  if (decoded === undefined) throw new VectorError("ratchet tree does not decode");
  return decoded;
}

/** Runs a case of tree-validation.json. @throws VectorError */
export async function treeValidation(vector: Case, check: Checker): Promise<void> {
  const tree = ratchetTree(vector.tree);
  for (const [index, expected] of vector.resolutions.entries()) {
    check.equal(resolution(tree, toNodeIndex(index)).join(), expected.join(), `resolution of node ${index}`);
  }
  for (const [index, expected] of vector.tree_hashes.entries()) {
    check.equal(await treeHash(tree, toNodeIndex(index), hash), expected, `tree hash of node ${index}`);
  }
  check.isTrue(await verifyParentHashes(tree, hash), "parent hashes");
  for (const [index, node] of tree.entries()) {
    if (node?.nodeType !== "leaf") continue;
    const valid = node.leaf.leafNodeSource === "key_package"
      ? await verifyLeafNodeSignatureKeyPackage(
        node.leaf as Parameters<typeof verifyLeafNodeSignatureKeyPackage>[0],
        signature,
      )
      : await verifyLeafNodeSignature(node.leaf, fromHex(vector.group_id), index / 2, signature);
    check.isTrue(valid, `leaf signature of node ${index}`);
  }
}

/** Runs a case of tree-operations.json. @throws VectorError */
export async function treeOperations(vector: Case, check: Checker): Promise<void> {
  const before = ratchetTree(vector.tree_before);
  check.equal(await treeHashRoot(before, hash), vector.tree_hash_before, "tree hash before");
  const proposal = decodeProposal(fromHex(vector.proposal), 0)?.[0];
  const after = applied(before, proposal, vector.proposal_sender);
  check.equal(encodeRatchetTree(after), vector.tree_after, "tree after");
  check.equal(await treeHashRoot(after, hash), vector.tree_hash_after, "tree hash after");
}

function applied(
  tree: RatchetTree,
  proposal: NonNullable<ReturnType<typeof decodeProposal>>[0] | undefined,
  sender: number,
): RatchetTree {
  if (proposal?.proposalType === "add") return addLeafNode(tree, proposal.add.keyPackage.leafNode)[0];
  if (proposal?.proposalType === "remove") return removeLeafNode(tree, toLeafIndex(proposal.remove.removed));
  if (proposal?.proposalType === "update") return updateLeafNode(tree, proposal.update.leafNode, toLeafIndex(sender));
  throw new VectorError("tree-operations: unexpected proposal");
}

/** Every member decrypts every other member's update path; then each makes one that the others decrypt. */
export async function treeKem(vector: Case, check: Checker): Promise<void> {
  const tree = ratchetTree(vector.ratchet_tree);
  const context = (treeHashAfter: Uint8Array): GroupContext => ({
    version: "mls10",
    cipherSuite: ciphersuiteName,
    groupId: fromHex(vector.group_id),
    epoch: BigInt(vector.epoch),
    treeHash: treeHashAfter,
    confirmedTranscriptHash: fromHex(vector.confirmed_transcript_hash),
    extensions: [],
  });
  const paths = new Map<number, PrivateKeyPath>();
  for (const { index, encryption_priv, path_secrets } of vector.leaves_private) {
    let privateKeys: PrivateKeyPath["privateKeys"] = {
      [leafToNodeIndex(toLeafIndex(index))]: fromHex(encryption_priv),
    };
    for (const { node, path_secret } of path_secrets) {
      const secrets = await toPrivateKeyPath({ [node]: fromHex(path_secret) }, index, ciphersuite);
      privateKeys = { ...privateKeys, ...secrets.privateKeys };
    }
    paths.set(index, { leafIndex: index, privateKeys });
    check.equal(await publicOf(privateKeys[2 * index]), leafKey(tree, index), `leaf key of ${index}`);
  }

  for (const { sender, update_path, path_secrets, commit_secret, tree_hash_after } of vector.update_paths) {
    const path = decodeUpdatePath(fromHex(update_path), 0)![0];
    const after = await applyUpdatePath(tree, toLeafIndex(sender), path, hash);
    check.equal(await treeHashRoot(after, hash), tree_hash_after, "tree hash after update path");
    check.isTrue(
      await verifyLeafNodeSignature(path.leafNode, fromHex(vector.group_id), sender, signature),
      "update path leaf signature",
    );
    for (const [index, expected] of path_secrets.entries()) {
      const own = paths.get(index);
      if (expected === null || own === undefined || index === sender) continue;
      const { nodeIndex, pathSecret } = await applyUpdatePathSecret(
        tree,
        own,
        toLeafIndex(sender),
        context(fromHex(tree_hash_after)),
        path,
        [],
        ciphersuite,
      );
      check.equal(pathSecret, expected, `path secret of ${index} from ${sender}`);
      const secrets = await pathToRoot(after, toNodeIndex(nodeIndex), pathSecret, kdf);
      check.equal(
        await getCommitSecret(after, toNodeIndex(nodeIndex), pathSecret, kdf),
        commit_secret,
        "commit secret",
      );
      check.isTrue(secrets[root(leafWidth(after.length))] !== undefined, "path reaches the root");
    }
  }

  for (const { index, signature_priv } of vector.leaves_private) {
    const base = { ...context(new Uint8Array()), epoch: BigInt(vector.epoch) - 1n };
    const [after, path, pathSecrets] = await createUpdatePath(
      tree,
      toLeafIndex(index),
      base,
      fromHex(signature_priv),
      ciphersuite,
    );
    const sent = new Map(pathSecrets.map(({ nodeIndex, secret }) => [nodeIndex, toHex(secret)]));
    for (const [receiver, own] of paths) {
      if (receiver === index) continue;
      const opened = await applyUpdatePathSecret(
        tree,
        own,
        toLeafIndex(index),
        context(await treeHashRoot(after, hash)),
        path,
        [],
        ciphersuite,
      );
      check.equal(opened.pathSecret, sent.get(opened.nodeIndex)!, `own path secret of ${receiver} from ${index}`);
    }
  }
}

async function publicOf(privateKey: Uint8Array): Promise<Uint8Array> {
  return (await importX25519Private(privateKey)).publicKey;
}

function leafKey(tree: RatchetTree, leafIndex: number): string {
  const node = tree[2 * leafIndex];
  return node?.nodeType === "leaf" ? toHex(node.leaf.hpkePublicKey) : "blank";
}
