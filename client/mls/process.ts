/**
 * Processes another member's commit, from sealed bytes to the next state. Order: header → seal → framing →
 * sender and signature → rules → ts-mls → effect.
 */

import {
  bytesToBase64,
  type ClientState,
  decodeMlsMessage,
  type LeafNode,
  makePskIndex,
  type PrivateMessage,
  processPrivateMessage,
  type ProposalOrRef,
} from "ts-mls";
import type { FramedContentCommitData } from "ts-mls";
import { unprotectPrivateMessage } from "ts-mls/messageProtection.js";
import { type Bytes, equalBytes } from "../../schema/bytes.ts";
import { MalformedError } from "../../schema/malformed_error.ts";
import { isX25519Key } from "../../schema/x25519.ts";
import { ciphersuite } from "../crypto/provider.ts";
import { isXWingPublicKey } from "../crypto/xwing.ts";
import { judgeProposals } from "./proposals.ts";
import { type CommitData, decodeCommitData } from "./commit_data.ts";
import { withProof } from "./committer_proof.ts";
import { xwingKeyOf } from "./extensions.ts";
import { sameData } from "./group_data.ts";
import { epochPskId, openBundlePart, openHeader } from "./hybrid.ts";
import { leafAt } from "./identity.ts";
import { checkKeyPackage, type ParsedKeyPackage } from "./key_package.ts";
import { pathKeysAgree } from "./path_keys.ts";
import { validReadds } from "./readd.ts";
import {
  checkCommitData,
  checkCommitEffect,
  checkPathLeaf,
  type CommitPlan,
  type CommitProposal,
  rejected,
} from "./rules.ts";
import { checkUniqueKeys, clashingAdds } from "./rules_unique_keys.ts";
import { senderOf } from "./sender.ts";
import { infoOf, makeState, stateMembers, withoutPast } from "./state.ts";
import { trustedAttempt } from "./trust.ts";
import type { CommitResult, GroupState, Member, MlsOptions, Rejected, Unreadable, UnreadableReason } from "./types.ts";

export interface CommitEntry {
  n: bigint;
  commitId: Uint8Array;
  header?: Uint8Array;
  S?: Uint8Array;
  sealedCommit: Uint8Array;
}

/**
 * Applies the commit to reach the next epoch (RFC 9420 §12.4.2), under the rules GRP-1 to GRP-4. Never throws
 * on foreign input.
 *
 * @returns the new state and the changes, or why the commit was skipped, refused or could not be opened
 * @throws what `isRevoked` throws where GRP-3.3 depends on it and nobody could be asked
 */
export async function processCommit(options: MlsOptions, state: GroupState, entry: CommitEntry): Promise<CommitResult> {
  if (!state.active) return rejected("not-active", "this device is no longer in the group");
  if (entry.n <= state.epoch) return { kind: "skipped", reason: "stale" };
  if (entry.n > state.epoch + 1n) return unreadable("future-epoch");
  const S = await epochSecret(state, entry);
  if ("kind" in S) return S;
  const body = await openBundlePart("commit", entry.sealedCommit, S.secret, state.channelId, entry.n);
  if (body === undefined) return unreadable("commit-seal");
  const message = framedCommit(state, body);
  if ("kind" in message) return message;

  const sender = await senderOf(state.mls, message);
  if (sender === undefined) return unreadable("mls");
  if (sender.leafIndex === state.ownLeafIndex) return { kind: "skipped", reason: "own-message" };
  const opened = await openCommit(state, message);
  if (opened === undefined) return unreadable("mls");
  const judged = await judge(options, state, entry, opened);
  const result = "code" in judged ? judged : await apply(options, state, entry, message, S.secret, judged);
  return "kind" in result && result.kind === "rejected" ? withProof(state, opened.committerLeafIndex, result) : result;
}

function unreadable(reason: UnreadableReason): Unreadable {
  return { kind: "unreadable", reason };
}

async function epochSecret(
  { secrets, channelId, ownRecipientKey }: GroupState,
  { n, header, S }: CommitEntry,
): Promise<{ secret: Bytes } | Unreadable> {
  if (S !== undefined) return { secret: new Uint8Array(S) };
  if (header === undefined) return unreadable("no-header");
  const secret = await openHeader(header, secrets.xwingSeed, { channelId, n, recipientKey: ownRecipientKey });
  return secret === undefined ? unreadable("header") : { secret };
}

function framedCommit(state: GroupState, body: Bytes): PrivateMessage | Rejected {
  const decoded = decodeMessage(body);
  if (decoded?.wireformat !== "mls_private_message") {
    return rejected("framing", "a commit comes as a PrivateMessage and nothing else");
  }
  const { privateMessage } = decoded;
  if (privateMessage.contentType !== "commit") {
    return rejected("framing", `a ${privateMessage.contentType} where a commit belongs`);
  }
  if (!equalBytes(privateMessage.groupId, state.channelId)) {
    return rejected("framing", "the commit is of another group");
  }
  if (privateMessage.epoch !== state.epoch) return rejected("framing", "the commit is of another epoch");
  return privateMessage;
}

/** @returns the whole bytes as one MLSMessage, or undefined */
export function decodeMessage(bytes: Uint8Array) {
  try {
    const decoded = decodeMlsMessage(bytes, 0);
    return decoded?.[1] === bytes.length ? decoded[0] : undefined;
  } catch {
    // ts-mls's decoders throw on some malformed input instead of giving undefined.
    return undefined;
  }
}

interface OpenedCommit {
  committerLeafIndex: number;
  authenticatedData: Uint8Array;
  commit: FramedContentCommitData["commit"];
}

/**
 * Decrypts the commit and checks the signature under the sender's leaf (GRP-1.1). The rules then judge
 * exactly what that leaf signed.
 */
async function openCommit({ mls }: GroupState, message: PrivateMessage): Promise<OpenedCommit | undefined> {
  const opened = await trustedAttempt(
    async () => true,
    "member",
    ({ keyRetentionConfig }) =>
      unprotectPrivateMessage(
        mls.keySchedule.senderDataSecret,
        message,
        mls.secretTree,
        mls.ratchetTree,
        mls.groupContext,
        keyRetentionConfig,
        ciphersuite,
      ),
  );
  if ("failure" in opened) return undefined;
  const { content } = opened.value.content;
  if (content.contentType !== "commit" || content.sender.senderType !== "member") return undefined;
  return {
    committerLeafIndex: content.sender.leafIndex,
    authenticatedData: content.authenticatedData,
    commit: content.commit,
  };
}

interface Judged {
  data: CommitData;
  plan: CommitPlan;
  committer: Member;
}

async function judge(
  options: MlsOptions,
  state: GroupState,
  entry: CommitEntry,
  { committerLeafIndex, authenticatedData, commit }: OpenedCommit,
): Promise<Judged | Rejected> {
  const { channelId } = state;
  const members = stateMembers(state);
  const committer = members.find(({ leafIndex }) => leafIndex === committerLeafIndex);
  if (committer === undefined) return rejected("GRP-1.1", "the sender is no member");
  const data = commitDataOf(authenticatedData);
  if ("code" in data) return data;
  const proposals = lookUp(state.mls, commit.proposals, committerLeafIndex);
  if ("code" in proposals) return proposals;
  const adds = await addsOf(proposals);
  const plan = checkCommitData(data, { channelId, n: entry.n, commitId: entry.commitId }) ??
    await judgeProposals(options, {
      channelId,
      n: entry.n,
      committer,
      members,
      info: infoOf(state),
      proposals,
      adds,
      readds: await validReadds(data.requests, channelId, entry.n),
    });
  if ("code" in plan) return plan;
  const fresh = commit.path?.leafNode;
  const badPath = checkPathLeaf(
    leafAt(state.mls.ratchetTree, committerLeafIndex)!,
    fresh,
    fresh !== undefined && await hasUsableKeys(fresh),
  );
  if (badPath !== undefined) return badPath;
  if (!areUsable(commit.path?.nodes ?? [])) return rejected("GRP-2.7", "a key of the path is not usable");
  const removed = new Set(plan.removed.map(({ leafIndex }) => leafIndex));
  if (clashingAdds(state.mls.ratchetTree, removed, plan.adds.map(({ keyPackage }) => keyPackage.leafNode)).size > 0) {
    return rejected("GRP-6.5", "an added device has a key that stands in the tree");
  }
  const after = [...members.filter((member) => !plan.removed.includes(member)), ...plan.adds].map(({ recipientKey }) =>
    recipientKey
  );
  return (await checkCommitEffect(data, plan, after)) ?? { data, plan, committer };
}

function commitDataOf(bytes: Uint8Array): CommitData | Rejected {
  try {
    return decodeCommitData(bytes);
  } catch (error) {
    if (error instanceof MalformedError) return rejected("GRP-1.2", error.message);
    throw error;
  }
}

function lookUp(mls: ClientState, proposals: ProposalOrRef[], committerLeafIndex: number): CommitProposal[] | Rejected {
  const found: CommitProposal[] = [];
  for (const item of proposals) {
    if (item.proposalOrRefType === "proposal") {
      found.push({ proposal: item.proposal, byReference: false, senderLeafIndex: committerLeafIndex });
      continue;
    }
    const stored = mls.unappliedProposals[bytesToBase64(item.reference)];
    if (stored === undefined) return rejected("GRP-2.2", "the commit refers to a proposal that is not stored here");
    found.push({ ...stored, byReference: true });
  }
  return found;
}

async function addsOf(proposals: CommitProposal[]): Promise<(ParsedKeyPackage | MalformedError)[]> {
  const keyPackages = proposals.flatMap(({ proposal }) =>
    proposal.proposalType === "add" ? [proposal.add.keyPackage] : []
  );
  return await Promise.all(keyPackages.map((keyPackage) =>
    checkKeyPackage(keyPackage).catch((error) => {
      if (error instanceof MalformedError) return error;
      throw error;
    })
  ));
}

/** Checks that the new keys are usable for sealing: an unusable key would stop every later commit. */
function areUsable(keys: { hpkePublicKey: Uint8Array }[]): boolean {
  return keys.every(({ hpkePublicKey }) => isX25519Key(hpkePublicKey));
}

async function hasUsableKeys(leaf: LeafNode): Promise<boolean> {
  try {
    return areUsable([leaf]) && await isXWingPublicKey(xwingKeyOf(leaf));
  } catch (error) {
    if (error instanceof MalformedError) return false;
    throw error;
  }
}

async function apply(
  options: MlsOptions,
  state: GroupState,
  entry: CommitEntry,
  message: PrivateMessage,
  S: Bytes,
  { data, plan, committer }: Judged,
): Promise<CommitResult> {
  const pskIndex = makePskIndex(state.mls, { [bytesToBase64(epochPskId(state.channelId, entry.n))]: S });
  const processed = await trustedAttempt(
    options.trust,
    "member",
    (clientConfig) => processPrivateMessage({ ...state.mls, clientConfig }, message, pskIndex, ciphersuite),
  );
  if ("failure" in processed) return rejected("mls", processed.failure);
  const mls = processed.value.newState;
  const selfRemoved = mls.groupActiveState.kind === "removedFromGroup";
  if (!(await pathKeysAgree(mls, state.mls.privatePath.privateKeys))) {
    return rejected("GRP-2.7", "the path's public keys are not those of its secrets");
  }
  // Judged before the new state is kept. This device's own removal leaves it no new tree.
  const clash = selfRemoved ? undefined : checkUniqueKeys(mls.ratchetTree);
  if (clash) return clash;
  const newState = selfRemoved
    ? { ...state, active: false, mls: { ...withoutPast(mls), clientConfig: state.mls.clientConfig } }
    : await makeState(withoutPast(mls), state.secrets.xwingSeed);
  const membersAfter = selfRemoved ? [] : stateMembers(newState);
  if (!selfRemoved) {
    const wrong = await checkCommitEffect(data, plan, membersAfter.map(({ recipientKey }) => recipientKey));
    if (wrong !== undefined) return wrong;
  }
  const before = infoOf(state);
  return {
    kind: "processed",
    newState,
    S,
    consumed: processed.value.consumed,
    committer,
    commitId: data.commitId,
    n: entry.n,
    added: membersAfter.filter(({ recipientKey }) =>
      plan.adds.some((add) => equalBytes(add.recipientKey, recipientKey))
    ),
    removed: plan.removed,
    readded: membersAfter.filter(({ recipientKey }) =>
      [plan.removed, plan.adds].every((devices) =>
        devices.some((device) => equalBytes(device.recipientKey, recipientKey))
      )
    ),
    membersHash: data.membersHash,
    infoChange: plan.infoAfter === before ||
        (JSON.stringify(plan.infoAfter, plain) === JSON.stringify(before, plain) &&
          sameData(plan.infoAfter.data, before.data))
      ? undefined
      : { before, after: plan.infoAfter },
    selfRemoved,
  };
}

// Only name, roles and data can differ at this point (GRP-2.6). Values that JSON can not hold are left out.
function plain(key: string, value: unknown): unknown {
  return key === "supersedes" || key === "data" ? undefined : value;
}
