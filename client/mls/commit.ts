/**
 * Building commits: the group's first state, and a pending commit with its bundle (specification §2.3, §4.4).
 */

import {
  bytesToBase64,
  type ClientState,
  createCommit,
  createGroup as createMlsGroup,
  encodeMlsMessage,
  makePskIndex,
  type Proposal,
} from "ts-mls";
import { consumeRatchet } from "ts-mls/secretTree.js";
import { type Bytes, equalBytes, toHex } from "../../schema/bytes.ts";
import { ciphersuite } from "../crypto/provider.ts";
import { generateXWing } from "../crypto/xwing.ts";
import { readAdd } from "./adds.ts";
import { encodeCommitData, membersHash, sortedKeys } from "./commit_data.ts";
import { groupContextExtensions, leftChannelsExtensions, xwingKeyExtension, xwingKeyType } from "./extensions.ts";
import { withOwnFeatures } from "./features.ts";
import { changedData, sameData } from "./group_data.ts";
import { epochPskId, epochSecretLength, sealBundlePart, sealHeader } from "./hybrid.ts";
import { leafAt, memberOf } from "./identity.ts";
import { decodePrivateRecord, type ParsedKeyPackage } from "./key_package.ts";
import { validReadds } from "./readd.ts";
import { judgeProposals } from "./proposals.ts";
import { type CommitPlan, type CommitProposal, heirOf } from "./rules.ts";
import { checkUniqueKeys, clashingAdds } from "./rules_unique_keys.ts";
import { infoOf, leavingMembers, makeState, messageRecord, requireActive, stateMembers, withMls } from "./state.ts";
import { trustedAttempt, useBy } from "./trust.ts";
import {
  type CommitBundle,
  type CommitHeader,
  type CommitIntent,
  type GroupInfo,
  type GroupState,
  GroupUsageError,
  type Member,
  type MessageRecord,
  type MlsOptions,
  type PendingCommit,
  type Rejected,
} from "./types.ts";

/** @throws MalformedError on a bad private record, GroupUsageError on a bad channelId */
export async function createGroup(
  options: MlsOptions,
  input: {
    channelId: Uint8Array;
    keyPackage: Uint8Array;
    info: Omit<GroupInfo, "roles"> & { roles?: GroupInfo["roles"] };
  },
): Promise<GroupState> {
  if (input.channelId.length !== 32) throw new GroupUsageError("channel-id", "a channelId has 32 bytes");
  const { keyPackage, keys, xwingSeed } = decodePrivateRecord(input.keyPackage);
  const own = memberOf(0, keyPackage.leafNode, { ...input.info, roles: {} });
  const info: GroupInfo = {
    ...input.info,
    roles: { ...input.info.roles, [toHex(own.credential.accountKey)]: "admin" },
  };
  const made = await trustedAttempt(
    options.trust,
    "member",
    (config) =>
      createMlsGroup(
        new Uint8Array(input.channelId),
        keyPackage,
        keys,
        groupContextExtensions(info),
        ciphersuite,
        config,
      ),
  );
  if ("failure" in made) throw new GroupUsageError("mls", made.failure);
  return await makeState(made.value, xwingSeed);
}

/** Builds a commit, with the state that holds once the server has taken it. @throws GroupUsageError */
export async function buildCommit(
  options: MlsOptions,
  state: GroupState,
  intent: CommitIntent,
): Promise<{ newState: GroupState; record: MessageRecord; pending: PendingCommit }> {
  requireActive(state);
  // Nobody could follow: receivers compare the keys of the tree before the commit as well.
  refuseIf(checkUniqueKeys(state.mls.ratchetTree));
  const members = stateMembers(state);
  const committer = members.find(({ leafIndex }) => leafIndex === state.ownLeafIndex)!;
  const n = state.epoch + 1n;
  const adds = await Promise.all((intent.add ?? []).map((message) => readAdd(message, intent.nowMs)));
  const byValue = [
    ...removals(intent.remove ?? [], members, committer),
    ...adds.map(({ keyPackage }): Proposal => ({ proposalType: "add", add: { keyPackage } })),
    ...infoProposals(state, intent, members, adds, committer),
    pskProposal(state.channelId, n),
  ];
  const leaves = usableLeaves(state, byValue);
  const proposals = [
    ...leaves.proposals,
    ...byValue.map((proposal): CommitProposal => ({
      proposal,
      byReference: false,
      senderLeafIndex: committer.leafIndex,
    })),
  ];
  const requests = (intent.requests ?? []).map((request) => new Uint8Array(request));
  const readds = await validReadds(requests, state.channelId, n);
  const plan = await judgeProposals(options, {
    channelId: state.channelId,
    n,
    committer,
    members,
    info: infoOf(state),
    proposals,
    adds,
    readds,
  });
  if ("code" in plan) throw new GroupUsageError(plan.code, plan.reason);
  const removed = new Set(plan.removed.map(({ leafIndex }) => leafIndex));
  if (clashingAdds(state.mls.ratchetTree, removed, adds.map(({ keyPackage }) => keyPackage.leafNode)).size > 0) {
    throw new GroupUsageError("GRP-6.5", "an added device has a key that stands in the tree");
  }

  const pending = await buildPending(options, state, {
    n,
    plan,
    members,
    byValue,
    unapplied: leaves.unapplied,
    requests,
    leftChannels: intent.leftChannels ?? [],
    nowMs: intent.nowMs,
  });
  return { ...(await spendHandshakeKey(state)), pending };
}

function refuseIf(refusal: Rejected | undefined): void {
  if (refusal) throw new GroupUsageError(refusal.code, refusal.reason);
}

function removals(recipientKeys: Uint8Array[], members: Member[], committer: Member): Proposal[] {
  return recipientKeys.map((recipientKey) => {
    const member = members.find((candidate) => equalBytes(candidate.recipientKey, recipientKey));
    if (member === undefined) throw new GroupUsageError("not-a-member", "a device to remove is not in the group");
    if (member === committer) {
      throw new GroupUsageError("own-removal", "a device leaves by a proposal that another member commits");
    }
    return { proposalType: "remove", remove: { removed: member.leafIndex } };
  });
}

/**
 * The requested change of the group info. An admin's commit also removes the role of an account when it
 * removes the account's last device. Where no admin is left, the heir becomes admin (GRP-3.4).
 */
function infoProposals(
  state: GroupState,
  intent: CommitIntent,
  members: Member[],
  adds: ParsedKeyPackage[],
  committer: Member,
): Proposal[] {
  const before = infoOf(state);
  const roles = { ...(intent.info?.roles ?? before.roles) };
  if (committer.role === "admin") {
    const removed = new Set((intent.remove ?? []).map(toHex));
    const present = new Set(
      [...members.filter(({ recipientKey }) => !removed.has(toHex(recipientKey))), ...adds].map(({ credential }) =>
        toHex(credential.accountKey)
      ),
    );
    for (const { credential } of members) {
      const account = toHex(credential.accountKey);
      if (!present.has(account)) delete roles[account];
    }
  }
  const leaving = leavingMembers(state).filter(({ leafIndex }) => leafIndex !== committer.leafIndex);
  const staying = members.filter(({ leafIndex, recipientKey }) =>
    !leaving.some((member) => member.leafIndex === leafIndex) &&
    !(intent.remove ?? []).some((key) => equalBytes(key, recipientKey))
  );
  const heir = intent.info?.roles ? undefined : heirOf({ ...before, roles }, staying, adds);
  if (heir !== undefined) roles[heir] = "admin";
  const { data: dataBefore, ...same } = before;
  const data = intent.info?.data ? changedData(dataBefore, intent.info.data) : dataBefore;
  const after = { ...same, name: intent.info?.name ?? before.name, roles, ...(data && { data }) };
  const changed = after.name !== before.name || !sameData(data, dataBefore) ||
    JSON.stringify(Object.entries(after.roles).sort()) !== JSON.stringify(Object.entries(before.roles).sort());
  return changed
    ? [{
      proposalType: "group_context_extensions",
      groupContextExtensions: { extensions: groupContextExtensions(after) },
    }]
    : [];
}

function pskProposal(channelId: Uint8Array, n: bigint): Proposal {
  const pskNonce = crypto.getRandomValues(new Uint8Array(ciphersuite.kdf.size));
  return {
    proposalType: "psk",
    psk: { preSharedKeyId: { psktype: "external", pskId: epochPskId(channelId, n), pskNonce } },
  };
}

/** The stored leave proposals that are still valid: one bad proposal must not block the group (specification §3.2). */
function usableLeaves(
  state: GroupState,
  byValue: Proposal[],
): { unapplied: ClientState["unappliedProposals"]; proposals: CommitProposal[] } {
  const present = new Set(leavingMembers(state).map(({ leafIndex }) => leafIndex));
  const taken = new Set(
    byValue.flatMap((proposal) => proposal.proposalType === "remove" ? [proposal.remove.removed] : []),
  );
  taken.add(state.ownLeafIndex);
  const unapplied: ClientState["unappliedProposals"] = {};
  const proposals: CommitProposal[] = [];
  for (const [reference, { proposal, senderLeafIndex }] of Object.entries(state.mls.unappliedProposals)) {
    if (senderLeafIndex === undefined || !present.has(senderLeafIndex) || taken.has(senderLeafIndex)) continue;
    taken.add(senderLeafIndex);
    unapplied[reference] = { proposal, senderLeafIndex };
    proposals.push({ proposal, byReference: true, senderLeafIndex });
  }
  return { unapplied, proposals };
}

interface Build {
  n: bigint;
  plan: CommitPlan;
  members: Member[];
  byValue: Proposal[];
  unapplied: ClientState["unappliedProposals"];
  requests: Bytes[];
  leftChannels: Uint8Array[];
  nowMs: number;
}

async function buildPending(
  options: MlsOptions,
  state: GroupState,
  { n, plan, members, byValue, unapplied, requests, leftChannels, nowMs }: Build,
): Promise<PendingCommit> {
  const { channelId } = state;
  const commitId = crypto.getRandomValues(new Uint8Array(16));
  const S = crypto.getRandomValues(new Uint8Array(epochSecretLength));
  const after = [...members.filter((member) => !plan.removed.includes(member)), ...plan.adds];
  const removed = sortedKeys(plan.removed.map(({ recipientKey }) => recipientKey));
  const added = sortedKeys(plan.adds.map(({ recipientKey }) => recipientKey));
  const hash = await membersHash(after.map(({ recipientKey }) => recipientKey));
  const authenticatedData = encodeCommitData({ channelId, n, commitId, membersHash: hash, removed, added, requests });

  const fresh = await generateXWing();
  const base = { ...withFreshXWing(state.mls, fresh.publicKey), unappliedProposals: unapplied };
  const pskIndex = makePskIndex(base, { [bytesToBase64(epochPskId(channelId, n))]: S });
  const made = await trustedAttempt(options.trust, useBy(plan.adds), (config) => {
    // The lifetimes of KeyPackages are judged by the server's time (specification §4.9), which may differ
    // from this device's clock.
    const clientConfig = { ...config, lifetimeConfig: { ...config.lifetimeConfig, now: () => nowMs } };
    return createCommit({ state: { ...base, clientConfig }, cipherSuite: ciphersuite, pskIndex }, {
      extraProposals: byValue,
      ratchetTreeExtension: true,
      groupInfoExtensions: leftChannelsExtensions(leftChannels),
      authenticatedData,
      forcePath: true,
    });
  });
  if ("failure" in made) throw new GroupUsageError("mls", made.failure);

  const welcome = made.value.welcome === undefined
    ? undefined
    : encodeMlsMessage({ version: "mls10", wireformat: "mls_welcome", welcome: made.value.welcome });
  const bundle: CommitBundle = {
    sealedCommit: await sealBundlePart("commit", encodeMlsMessage(made.value.commit), S, channelId, n),
    sealedWelcome: welcome === undefined ? new Uint8Array() : await sealBundlePart("welcome", welcome, S, channelId, n),
    headers: await Promise.all(after.map((member) => headerFor(S, member, channelId, n))),
  };
  const newState = await makeState(withPastTree(made.value.newState, state.mls), fresh.seed);
  return { commitId, baseEpoch: state.epoch, n, S, newState, bundle, removed, added, membersHash: hash };
}

/**
 * ts-mls copies the old leaf's extensions into the new leaf. So the fresh key, and this version's list of features,
 * are put into the old leaf before. The leaf is on no copath of its own path, so no parent hash changes.
 */
function withFreshXWing(mls: ClientState, publicKey: Uint8Array): ClientState {
  const leaf = leafAt(mls.ratchetTree, mls.privatePath.leafIndex)!;
  const extensions = withOwnFeatures(
    leaf.extensions.map((extension) =>
      extension.extensionType === xwingKeyType ? xwingKeyExtension(publicKey) : extension
    ),
  );
  const ratchetTree = mls.ratchetTree.slice();
  ratchetTree[2 * mls.privatePath.leafIndex] = { nodeType: "leaf", leaf: { ...leaf, extensions } };
  return { ...mls, ratchetTree };
}

/** The base epoch's keys with its true tree. Earlier versions alone use them (state.ts, encodePending). */
function withPastTree(next: ClientState, before: ClientState): ClientState {
  const epoch = before.groupContext.epoch;
  const past = next.historicalReceiverData.get(epoch)!;
  return {
    ...next,
    historicalReceiverData: new Map(next.historicalReceiverData).set(epoch, {
      ...past,
      ratchetTree: before.ratchetTree,
    }),
  };
}

async function headerFor(
  S: Bytes,
  { recipientKey, xwingPublicKey, credential }: Pick<Member, "recipientKey" | "xwingPublicKey" | "credential">,
  channelId: Bytes,
  n: bigint,
): Promise<CommitHeader> {
  const header = await sealHeader(S, xwingPublicKey, { channelId, n, recipientKey });
  // Every leaf's key was tried when the leaf came into the tree.
  if (header === undefined) {
    throw new GroupUsageError("hybrid-key", `the hybrid key of a device of ${credential.username} is not usable`);
  }
  return { recipientKey, header };
}

/** createCommit does not advance the base state's ratchet. Its generation must not be used again. */
async function spendHandshakeKey(state: GroupState): Promise<{ newState: GroupState; record: MessageRecord }> {
  const { newTree, consumed } = await consumeRatchet(
    state.mls.secretTree,
    2 * state.ownLeafIndex,
    "commit",
    ciphersuite,
  );
  consumed.at(-1)?.fill(0);
  const newState = withMls(state, { ...state.mls, secretTree: newTree });
  return { newState, record: messageRecord(newState, state.ownLeafIndex) };
}
