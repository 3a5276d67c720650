/**
 * Forges commits of a hostile member: made with ts-mls directly, with faults, and sealed as this client
 * seals.
 */

import {
  bytesToBase64,
  type ClientState,
  createCommit,
  type CreateCommitOptions,
  encodeMlsMessage,
  type LeafNode,
  type Proposal,
  type Welcome,
} from "ts-mls";
import { type Bytes, toHex } from "../../../schema/bytes.ts";
import { ciphersuite } from "../../crypto/provider.ts";
import { generateXWing } from "../../crypto/xwing.ts";
import { type CommitData, encodeCommitData, membersHash, sortedKeys } from "../commit_data.ts";
import { xwingKeyExtension, xwingKeyType } from "../extensions.ts";
import { epochPskId, sealBundlePart, sealHeader } from "../hybrid.ts";
import { clientConfig } from "../identity.ts";
import type { ParsedKeyPackage } from "../key_package.ts";
import { makeState, stateMembers } from "../state.ts";
import type { GroupState, PendingCommit } from "../types.ts";

/** A proposal by its short name. */
export const remove = (leafIndex: number): Proposal => ({ proposalType: "remove", remove: { removed: leafIndex } });

export function psk(pskId: Uint8Array): Proposal {
  return {
    proposalType: "psk",
    psk: { preSharedKeyId: { psktype: "external", pskId, pskNonce: crypto.getRandomValues(new Uint8Array(32)) } },
  };
}

export interface Forgery {
  proposals?: Proposal[];
  /** Replaces the epoch's PSK. */
  psks?: Proposal[];
  /** Stored proposals that the commit refers to. */
  unapplied?: ClientState["unappliedProposals"];
  /** The false values in the authenticated data. */
  data?: Partial<CommitData> | "garbage";
  /** recipientKeys that the authenticated data names as added or removed, and those of epoch n. */
  added?: Uint8Array[];
  removed?: Uint8Array[];
  /** Signed re-add requests. */
  requests?: CommitData["requests"];
  leaf?: (leaf: LeafNode) => LeafNode;
  options?: CreateCommitOptions;
}

export interface ForgedCommit {
  n: bigint;
  commitId: Bytes;
  header: Bytes;
  sealedCommit: Bytes;
}

/**
 * Forges a Welcome of an Add that no member would commit.
 *
 * @param as the channel and epoch that the Welcome claims
 * @param change changes the Welcome before it is sealed
 * @param options of ts-mls, as the tree and the extensions of the GroupInfo
 * @returns the entry as the DS delivers it to the added device
 */
export async function forgeWelcome(
  attacker: GroupState,
  { keyPackage, recipientKey, xwingPublicKey }: ParsedKeyPackage,
  as: { channelId?: Uint8Array; n?: bigint } = {},
  change: Partial<Welcome> = {},
  options: CreateCommitOptions = { ratchetTreeExtension: true },
): Promise<{ n: bigint; header: Bytes; sealedWelcome: Bytes }> {
  const { channelId = attacker.channelId, n = attacker.epoch + 1n } = as;
  const S = crypto.getRandomValues(new Uint8Array(32));
  const state = { ...attacker.mls, clientConfig: clientConfig({ validateCredential: async () => true }) };
  const { welcome } = await createCommit(
    { state, cipherSuite: ciphersuite, pskIndex: { findPsk: () => S } },
    {
      extraProposals: [{ proposalType: "add", add: { keyPackage } }, psk(epochPskId(channelId, n))],
      forcePath: true,
      ...options,
    },
  );
  const header = await sealHeader(S, xwingPublicKey, { channelId, n, recipientKey });
  const message = encodeMlsMessage({
    version: "mls10",
    wireformat: "mls_welcome",
    welcome: { ...welcome!, ...change },
  });
  return { n, header: header!, sealedWelcome: await sealBundlePart("welcome", message, S, channelId, n) };
}

/** @returns the entry as the DS delivers it to `victim` */
export async function forgeCommit(attacker: GroupState, victim: GroupState, forgery: Forgery): Promise<ForgedCommit> {
  const { n, commitId, S, sealedCommit } = await forge(attacker, forgery);
  const self = stateMembers(victim).find(({ leafIndex }) => leafIndex === victim.ownLeafIndex)!;
  return { n, commitId, header: await headerOf(S, attacker.channelId, n, self), sealedCommit };
}

/**
 * Forges a whole commit, as a hostile device or one without our rules sends it.
 *
 * @param adds KeyPackages that it adds; the authenticated data names them
 */
export async function forgePending(
  attacker: GroupState,
  adds: ParsedKeyPackage[] = [],
  forgery: Forgery = {},
): Promise<PendingCommit> {
  const made = await forge(attacker, {
    ...forgery,
    proposals: [
      ...(forgery.proposals ?? []),
      ...adds.map(({ keyPackage }): Proposal => ({ proposalType: "add", add: { keyPackage } })),
    ],
    added: adds.map(({ recipientKey }) => recipientKey),
    options: { ratchetTreeExtension: true, ...forgery.options },
  });
  const { n, commitId, S, sealedCommit, data, welcome, xwingSeed } = made;
  const removed = new Set(data.removed.map(toHex));
  const after = [...stateMembers(attacker).filter(({ recipientKey }) => !removed.has(toHex(recipientKey))), ...adds];
  return {
    ...data,
    commitId,
    baseEpoch: attacker.epoch,
    n,
    S,
    newState: await makeState(made.newState, xwingSeed),
    bundle: {
      sealedCommit,
      sealedWelcome: welcome
        ? await sealBundlePart(
          "welcome",
          encodeMlsMessage({ version: "mls10", wireformat: "mls_welcome", welcome }),
          S,
          attacker.channelId,
          n,
        )
        : new Uint8Array(),
      headers: await Promise.all(after.map(async (device) => ({
        recipientKey: device.recipientKey,
        header: await headerOf(S, attacker.channelId, n, device),
      }))),
    },
  };
}

/**
 * Makes commits with another public key in the path.
 *
 * @param place 0 for the leaf, 1 for the lowest parent node …
 */
export async function withPathKey<T>(place: number, publicKey: Uint8Array, work: () => Promise<T>): Promise<T> {
  const honest = ciphersuite.hpke.deriveKeyPair;
  let derived = 0;
  ciphersuite.hpke.deriveKeyPair = async (ikm) => {
    const pair = await honest(ikm);
    return derived++ === place ? { ...pair, publicKey: publicKey as never } : pair;
  };
  return await work().finally(() => ciphersuite.hpke.deriveKeyPair = honest);
}

async function headerOf(
  S: Bytes,
  channelId: Bytes,
  n: bigint,
  { xwingPublicKey, recipientKey }: Pick<ParsedKeyPackage, "xwingPublicKey" | "recipientKey">,
): Promise<Bytes> {
  return (await sealHeader(S, xwingPublicKey, { channelId, n, recipientKey }))!;
}

async function forge(attacker: GroupState, forgery: Forgery) {
  const { channelId } = attacker;
  const n = attacker.epoch + 1n;
  const commitId = crypto.getRandomValues(new Uint8Array(16));
  const S = crypto.getRandomValues(new Uint8Array(32));
  const [added, removed] = [forgery.added ?? [], forgery.removed ?? []];
  const gone = new Set(removed.map(toHex));
  const after = [
    ...stateMembers(attacker).map(({ recipientKey }) => recipientKey).filter((key) => !gone.has(toHex(key))),
    ...added,
  ];
  const truth: CommitData = {
    channelId,
    n,
    commitId,
    membersHash: await membersHash(after),
    removed: sortedKeys(removed),
    added: sortedKeys(added),
    requests: forgery.requests ?? [],
  };
  const authenticatedData = forgery.data === "garbage"
    ? new Uint8Array([1, 2, 3])
    : encodeCommitData({ ...truth, ...forgery.data });

  const fresh = await generateXWing();
  const change = forgery.leaf ??
    ((leaf) => ({
      ...leaf,
      extensions: leaf.extensions.map((extension) =>
        extension.extensionType === xwingKeyType ? xwingKeyExtension(fresh.publicKey) : extension
      ),
    }));
  const ratchetTree = attacker.mls.ratchetTree.slice();
  const own = ratchetTree[2 * attacker.ownLeafIndex];
  if (own?.nodeType !== "leaf") throw new Error("the attacker has no leaf");
  ratchetTree[2 * attacker.ownLeafIndex] = { nodeType: "leaf", leaf: change(own.leaf) };
  const state = {
    ...attacker.mls,
    ratchetTree,
    unappliedProposals: forgery.unapplied ?? {},
    clientConfig: clientConfig({ validateCredential: async () => true }),
  };
  const { commit, welcome, newState } = await createCommit(
    { state, cipherSuite: ciphersuite, pskIndex: { findPsk: () => S } },
    {
      extraProposals: [...(forgery.proposals ?? []), ...(forgery.psks ?? [psk(epochPskId(channelId, n))])],
      authenticatedData,
      forcePath: true,
      ...forgery.options,
    },
  );
  return {
    n,
    commitId,
    S,
    data: truth,
    welcome,
    newState,
    xwingSeed: fresh.seed,
    sealedCommit: await sealBundlePart("commit", encodeMlsMessage(commit), S, channelId, n),
  };
}

/** @returns a stored proposal under its reference (any 32 bytes serve as one) */
export function stored(proposal: Proposal, senderLeafIndex: number): ClientState["unappliedProposals"] {
  return { [bytesToBase64(crypto.getRandomValues(new Uint8Array(32)))]: { proposal, senderLeafIndex } };
}
