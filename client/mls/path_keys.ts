/** Compares the private keys that this device derived from a path secret with the public keys of the tree. */

import type { ClientState } from "ts-mls";
import { equalBytes } from "../../schema/bytes.ts";
import { importX25519Private } from "../crypto/x25519.ts";

/**
 * RFC 9420 §7.5 for commits and §12.4.3.1 for Welcomes: "the recipient … verifies that the received public keys agree
 * with the public keys derived from the new path_secret values", which ts-mls 1.6.4 leaves out. A device with other
 * keys than the tree's could open none of the later commits that are sealed to these nodes.
 *
 * @param after the state with the new keys
 * @param known private keys by node index that were compared before, the leaf's own among them
 * @returns whether all others are those of their nodes
 */
export async function pathKeysAgree(
  { privatePath, ratchetTree }: Pick<ClientState, "privatePath" | "ratchetTree">,
  known: Record<number, Uint8Array>,
): Promise<boolean> {
  const fresh = Object.entries(privatePath.privateKeys).filter(([index, key]) => known[Number(index)] !== key);
  const agreed = await Promise.all(fresh.map(async ([index, key]) => {
    const node = ratchetTree[Number(index)];
    // ts-mls derives up to the root even where the filtered path ends below it and the root stays blank.
    return node === undefined ||
      node.nodeType === "parent" && equalBytes(node.parent.hpkePublicKey, (await importX25519Private(key)).publicKey);
  }));
  return !agreed.includes(false);
}
