/**
 * The state of a group over ts-mls's state, with its two kinds of storage records: one for the whole epoch, one for a
 * leaf's ratchets per message.
 */

import { type ClientState, decodeGroupState, encodeGroupState, mlsExporter } from "ts-mls";
import { encode } from "ts-mls/codec/tlsEncoder.js";
import { decodeSecretTreeNode, secretTreeNodeEncoder } from "ts-mls/secretTree.js";
import {
  decodeUnappliedProposals,
  type UnappliedProposals,
  unappliedProposalsEncoder,
} from "ts-mls/unappliedProposals.js";
import { type Bytes, concat, u64 } from "../../schema/bytes.ts";
import { decodeCbor, encodeCbor } from "../../schema/cbor.ts";
import { MalformedError } from "../../schema/malformed_error.ts";
import { bytesOf, countOf, recordOf } from "../../schema/shape.ts";
import { ciphersuite } from "../crypto/provider.ts";
import { groupInfoOf } from "./extensions.ts";
import { clientConfig, leafAt, membersOf } from "./identity.ts";
import {
  type GroupInfo,
  type GroupState,
  GroupUsageError,
  type Member,
  type MessageRecord,
  type PendingCommit,
} from "./types.ts";

const recordVersion = 1;

/**
 * The configuration of a state at rest. It trusts no leaf. Every operation that validates leaves puts in the
 * engine's trust (`trust.ts`).
 */
const untrusting = clientConfig({ validateCredential: async () => false });

/** @returns the epoch's application key: MLS-Exporter("qpq/1 app", channelId ‖ u64 epoch, 32) */
async function appKeyOf(mls: ClientState): Promise<Bytes> {
  const { groupId, epoch } = mls.groupContext;
  return new Uint8Array(
    await mlsExporter(mls.keySchedule.exporterSecret, "qpq/1 app", concat(groupId, u64(epoch)), 32, ciphersuite),
  );
}

/** @returns the state at the epoch of `mls` */
export async function makeState(mls: ClientState, xwingSeed: Bytes): Promise<GroupState> {
  return stateOf(mls, { appKey: await appKeyOf(mls), xwingSeed });
}

function stateOf(mls: ClientState, secrets: GroupState["secrets"]): GroupState {
  const leafIndex = mls.privatePath.leafIndex;
  const active = mls.groupActiveState.kind === "active";
  const own = leafAt(mls.ratchetTree, leafIndex);
  return {
    channelId: new Uint8Array(mls.groupContext.groupId),
    epoch: mls.groupContext.epoch,
    ownRecipientKey: own === undefined ? new Uint8Array() : new Uint8Array(own.signaturePublicKey),
    ownLeafIndex: leafIndex,
    active,
    mls: { ...mls, clientConfig: untrusting },
    secrets,
  };
}

/** @returns the MLS state without the keys of earlier epochs, which ts-mls carries along (GRP-6.1) */
export function withoutPast(mls: ClientState): ClientState {
  return { ...mls, historicalReceiverData: new Map() };
}

/** @returns the same epoch with another MLS state (a changed ratchet or stored proposal) */
export function withMls(state: GroupState, mls: ClientState): GroupState {
  return { ...state, mls: { ...mls, clientConfig: untrusting } };
}

/** @returns name, kind and roles, as the GroupContext extension has them */
export function infoOf(state: GroupState): GroupInfo {
  return groupInfoOf(state.mls.groupContext.extensions);
}

/** @returns the members of the ratchet tree with their roles, in the order of their leaves */
export function stateMembers(state: GroupState): Member[] {
  return membersOf(state.mls.ratchetTree, infoOf(state));
}

/**
 * @returns the members who have signed that they are in this very group: a leaf of a commit names the group (RFC 9420
 *   §7.2). A leaf of a KeyPackage may stand in any group
 */
export function signedInGroup(state: GroupState): Member[] {
  return stateMembers(state).filter(({ leafIndex }) =>
    leafAt(state.mls.ratchetTree, leafIndex)?.leafNodeSource !== "key_package"
  );
}

/** The members whose leave proposal is stored, and whose leaf is still in the tree. */
export function leavingMembers(state: GroupState): Member[] {
  const leaving = new Set(Object.values(state.mls.unappliedProposals).map(({ senderLeafIndex }) => senderLeafIndex));
  return stateMembers(state).filter(({ leafIndex }) => leaving.has(leafIndex));
}

/** @throws GroupUsageError after this device was removed */
export function requireActive(state: GroupState): void {
  if (!state.active) throw new GroupUsageError("not-active", "this device is no longer in the group");
}

/** Encodes the whole state. The record grows with the group and is written once a commit. */
export function encodeEpochRecord(state: GroupState): Bytes {
  const { appKey, xwingSeed } = state.secrets;
  return encodeCbor({
    v: recordVersion,
    mls: encodeGroupState(state.mls),
    appKey,
    xwingSeed,
    // Earlier versions keep a key of the epoch before here, and want the field.
    past: null,
  });
}

/**
 * Reads an epoch's state from its record and those of its ratchets. What earlier versions kept of the epoch
 * before is dropped.
 *
 * @throws MalformedError
 */
export function decodeState(epochRecord: Uint8Array, messageRecords: MessageRecord[]): GroupState {
  const state = decodeEpochRecord(epochRecord);
  return messageRecords.reduce(applyRecord, withMls(state, withoutPast(state.mls)));
}

function decodeEpochRecord(epochRecord: Uint8Array): GroupState {
  const fields = recordOf(decodeCbor(epochRecord), ["v", "mls", "appKey", "xwingSeed", "past"], "epoch record");
  if (fields.v !== recordVersion) throw new MalformedError("epoch record: version");
  const decoded = decodeGroupState(bytesOf(fields.mls, undefined, "mls"), 0);
  if (decoded === undefined) throw new MalformedError("epoch record: MLS state");
  const unappliedProposals = withSenders(decoded[0].unappliedProposals);
  return stateOf({ ...decoded[0], unappliedProposals, clientConfig: untrusting }, {
    appKey: bytesOf(fields.appKey, 32, "appKey"),
    xwingSeed: bytesOf(fields.xwingSeed, 32, "xwingSeed"),
  });
}

/**
 * Encodes the change that the last message made: the two ratchets of one leaf, and that leaf's stored leave
 * proposal.
 */
export function messageRecord(state: GroupState, leafIndex: number): MessageRecord {
  const { epoch } = state;
  const node = state.mls.secretTree[2 * leafIndex];
  const proposals = proposalsOf(state.mls.unappliedProposals, leafIndex);
  const bytes = encodeCbor({
    v: recordVersion,
    epoch,
    leaf: leafIndex,
    ratchets: encode(secretTreeNodeEncoder)(node),
    proposals: encode(unappliedProposalsEncoder)(proposals),
  });
  return { key: `e${epoch}/l${leafIndex}`, bytes };
}

function proposalsOf(proposals: UnappliedProposals, leafIndex: number): UnappliedProposals {
  return Object.fromEntries(
    Object.entries(proposals).filter(([, { senderLeafIndex }]) => senderLeafIndex === leafIndex),
  );
}

/**
 * ts-mls writes leaf 0 as no sender at all. Every stored proposal removes its own sender (GRP-2.2), so the leaf that
 * it removes is the sender.
 */
function withSenders(proposals: UnappliedProposals): UnappliedProposals {
  return Object.fromEntries(
    Object.entries(proposals).map(([reference, { proposal, senderLeafIndex }]) => [
      reference,
      {
        proposal,
        senderLeafIndex: senderLeafIndex ??
          (proposal.proposalType === "remove" ? proposal.remove.removed : undefined),
      },
    ]),
  );
}

function applyRecord(state: GroupState, { bytes }: MessageRecord): GroupState {
  const fields = recordOf(decodeCbor(bytes), ["v", "epoch", "leaf", "ratchets", "proposals"], "message record");
  if (fields.v !== recordVersion) throw new MalformedError("message record: version");
  const epoch = BigInt(countOf(fields.epoch, "epoch"));
  const node = decodeSecretTreeNode(bytesOf(fields.ratchets, undefined, "ratchets"), 0);
  const proposals = decodeUnappliedProposals(bytesOf(fields.proposals, undefined, "proposals"), 0);
  if (node === undefined || proposals === undefined) throw new MalformedError("message record: ratchets");
  // Earlier versions wrote one for late messages of the epoch before as well.
  if (epoch < state.epoch) return state;
  if (epoch > state.epoch) throw new MalformedError("message record: of an epoch that the state does not hold");
  const tree = state.mls.secretTree.slice();
  const nodeIndex = 2 * countOf(fields.leaf, "leaf");
  if (nodeIndex >= tree.length) throw new MalformedError("message record: leaf");
  tree[nodeIndex] = node[0];
  return withMls(state, {
    ...state.mls,
    secretTree: tree,
    unappliedProposals: { ...state.mls.unappliedProposals, ...withSenders(proposals[0]) },
  });
}

/**
 * Encodes all of a pending commit, so that the same bytes can be sent again after a crash. Its state has the
 * keys of the base epoch, too: an earlier version that merges it puts its ratchets there.
 */
export function encodePending(
  { commitId, baseEpoch, n, S, newState, bundle, removed, added, membersHash }: PendingCommit,
): Bytes {
  return encodeCbor({
    v: recordVersion,
    commitId,
    baseEpoch,
    n,
    S,
    newState: encodeEpochRecord(newState),
    sealedCommit: bundle.sealedCommit,
    sealedWelcome: bundle.sealedWelcome,
    headers: bundle.headers.map(({ recipientKey, header }) => [recipientKey, header]),
    removed,
    added,
    membersHash,
  });
}

/** Reads a commit that waits for the server, with the state after it. @throws MalformedError */
export function decodePending(bytes: Uint8Array): PendingCommit {
  const names = [
    "v",
    "commitId",
    "baseEpoch",
    "n",
    "S",
    "newState",
    "sealedCommit",
    "sealedWelcome",
    "headers",
    "removed",
    "added",
    "membersHash",
  ] as const;
  const fields = recordOf(decodeCbor(bytes), names, "pending commit");
  if (fields.v !== recordVersion) throw new MalformedError("pending commit: version");
  return {
    commitId: bytesOf(fields.commitId, 16, "commitId"),
    baseEpoch: BigInt(countOf(fields.baseEpoch, "baseEpoch")),
    n: BigInt(countOf(fields.n, "n")),
    S: bytesOf(fields.S, 32, "S"),
    newState: decodeEpochRecord(bytesOf(fields.newState, undefined, "newState")),
    bundle: {
      sealedCommit: bytesOf(fields.sealedCommit, undefined, "sealedCommit"),
      sealedWelcome: bytesOf(fields.sealedWelcome, undefined, "sealedWelcome"),
      headers: arrayOf(fields.headers).map((pair) => {
        const [recipientKey, header] = arrayOf(pair);
        return { recipientKey: bytesOf(recipientKey, 32, "recipientKey"), header: bytesOf(header, 1168, "header") };
      }),
    },
    removed: arrayOf(fields.removed).map((key) => bytesOf(key, 32, "removed")),
    added: arrayOf(fields.added).map((key) => bytesOf(key, 32, "added")),
    membersHash: bytesOf(fields.membersHash, 32, "membersHash"),
  };
}

function arrayOf(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new MalformedError("pending commit: not a list");
  return value;
}

/** The state after the own commit was accepted, without the keys of the base epoch. @throws GroupUsageError */
export function mergePending(current: GroupState, pending: PendingCommit): GroupState {
  if (current.epoch !== pending.baseEpoch) {
    throw new GroupUsageError(
      "wrong-epoch",
      `pending commit is of epoch ${pending.baseEpoch}, the state of ${current.epoch}`,
    );
  }
  return withMls(pending.newState, withoutPast(pending.newState.mls));
}
