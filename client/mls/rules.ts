/**
 * The rules of a group (specification §3) as pure checks of a decoded commit, before ts-mls applies it. The
 * callback of ts-mls is synchronous, comes after decryption and does not see the joiner's leaf (specification
 * §8). The checks depend on the MLS state alone, so that all honest members decide alike. Only GRP-3.3 allows
 * more where a device is revoked; no rule refuses anything for that (docs/decisions/030).
 *
 * | rule | what it refuses |
 * |---|---|
 * | GRP-1.1 | a sender that is not a member's leaf |
 * | GRP-1.2 | authenticated_data that is malformed or of another channel, epoch or commitId |
 * | GRP-1.3 | authenticated_data whose removed, added or membersHash are not what the commit does |
 * | GRP-2.1 | by value: any proposal but Add, Remove, PSK, GroupContextExtensions |
 * | GRP-2.2 | by reference: anything but the sender's Remove of its own leaf; a reference that is not stored here |
 * | GRP-2.3 | not exactly one PSK, or another than the epoch's external one |
 * | GRP-2.4 | a commit without a path (no fresh leaf, no healing) |
 * | GRP-2.5 | GroupContextExtensions by anyone but an admin, or more than one; in a chat of two both set the data |
 * | GRP-2.6 | extensions other than ours; changed required_capabilities, kind, date of making or ancestry |
 * | GRP-2.7 | a path with an unusable key, or with public keys that do not fit its secrets (RFC 9420 §7.5, §12.4.3.1) |
 * | GRP-2.8 | group data while a leaf does not name "group-data", or an Add of such a leaf (rules_group_data.ts) |
 * | GRP-3.1 | a committer's new leaf with another account key, device, credential or signature key |
 * | GRP-3.2 | a committer's leaf without a fresh X-Wing key, with an unusable key, other capabilities, or too large |
 * | GRP-3.3 | Remove of another account's device by a non-admin, unless it is revoked or re-added at its request |
 * | GRP-3.4 | a role change that leaves no admin; if the last admins leave, the oldest account may become admin |
 * | GRP-3.5 | an Add that brings in an account that `roles` makes admin, by a member that is no admin |
 * | GRP-4.1 | an Add whose KeyPackage is not valid: suite, signatures, credential, hybrid key, size of the leaf |
 * | GRP-4.2 | an Add of a device that is a member already, or twice |
 * | GRP-4.3 | an Add that brings a third account into a direct channel |
 * | GRP-6.5 | a key that stands twice in the tree after the commit, or in a Welcome's (rules_unique_keys.ts) |
 * | GRP-7.1 | a Welcome for a group that is live here, unless it answers a re-add request of this device |
 * | GRP-7.2 | a Welcome for a group whose group_id or epoch is not the entry's channelId and n |
 * | GRP-7.3 | a Welcome to an epoch that this device has been in or past (client/sync/receive/incoming_welcome.ts) |
 * | GRP-7.4 | a Welcome of another ciphersuite |
 *
 * The rules that require an action rather than refuse one, each with tests of its number: GRP-4.4 a member's
 * client adds a new device of a member account, GRP-4.5 a device that is out of step is re-added at its request,
 * GRP-5.5 and the epoch's secret is sealed to it again (client/sync/recovery/recovery_client.ts,
 * recovery_responder.ts), GRP-5.1 to 5.4 replacement channels (client/sync/reinit/replacement_rules.ts),
 * GRP-6.1 keys are kept for 32 skipped generations and no earlier epoch (identity.ts, state.ts), GRP-6.2 the
 * server takes messages of the current epoch only (E015), GRP-6.3 and GRP-6.4 devices renew their leaves after 150
 * messages or 7 days (client/sync/membership/leaf_renewal.ts), GRP-6.6 who speaks is in the tree, and what is known
 * to be revoked is marked (messages.ts, client/sync/conversation/known_revoked.ts), GRP-7.5 groups of unknown
 * accounts are invitations, and so
 * is a return into a chat by an account that was not in it (client/sync/receive/incoming_welcome.ts, which
 * refuses a return as another kind by GRP-2.6).
 */

import type { Extension, LeafNode, Proposal } from "ts-mls";
import { encodeCapabilities } from "ts-mls/capabilities.js";
import { equalBytes, toHex } from "../../schema/bytes.ts";
import { MalformedError } from "../../schema/malformed_error.ts";
import { type CommitData, membersHash, sortedKeys } from "./commit_data.ts";
import { groupInfoOf, isSmallLeaf, xwingKeyOf } from "./extensions.ts";
import { sameData } from "./group_data.ts";
import { epochPskId } from "./hybrid.ts";
import { deviceCredentialOf, roleOf } from "./identity.ts";
import type { ParsedKeyPackage } from "./key_package.ts";
import type { ReaddRequest } from "./readd.ts";
import { checkGroupData } from "./rules_group_data.ts";
import type { GroupInfo, Member, Rejected, RejectionCode } from "./types.ts";

/** A proposal of a commit, with references resolved. */
export interface CommitProposal {
  proposal: Proposal;
  byReference: boolean;
  /** The leaf that proposed: the committer, for proposals by value. */
  senderLeafIndex: number | undefined;
}

/** The facts that the rules judge. */
export interface CommitFacts {
  channelId: Uint8Array;
  n: bigint;
  committer: Member;
  /** Members of epoch n − 1. */
  members: Member[];
  info: GroupInfo;
  proposals: CommitProposal[];
  /** The checked KeyPackages of the Add proposals, in their order, or why one is bad. */
  adds: (ParsedKeyPackage | MalformedError)[];
  /** Leaf indexes of members whose device is revoked. */
  revoked: ReadonlySet<number>;
  /** Valid re-add requests that the commit carries (readd.ts). */
  readds: ReaddRequest[];
}

/** The effects of a commit that passed. */
export interface CommitPlan {
  removed: Member[];
  adds: ParsedKeyPackage[];
  infoAfter: GroupInfo;
}

/**
 * @param code the rule's number, or a short name of the malformed part
 * @param reason for logs
 * @returns a refusal as a value
 */
export function rejected(code: RejectionCode, reason: string): Rejected {
  return { kind: "rejected", code, reason };
}

/** GRP-2 to GRP-4 on the proposals. The committer checks its own commit, and every receiver checks it too. */
export function checkProposals(facts: CommitFacts): CommitPlan | Rejected {
  return checkForms(facts) ?? checkPsk(facts) ?? checkAddForms(facts) ?? planOf(facts);
}

function checkForms({ proposals }: CommitFacts): Rejected | undefined {
  for (const { proposal, byReference, senderLeafIndex } of proposals) {
    if (byReference) {
      const leave = proposal.proposalType === "remove" && proposal.remove.removed === senderLeafIndex;
      if (!leave) return rejected("GRP-2.2", "only a device's own removal may be committed by reference");
    } else if (
      proposal.proposalType !== "add" && proposal.proposalType !== "remove" && proposal.proposalType !== "psk" &&
      proposal.proposalType !== "group_context_extensions"
    ) {
      return rejected("GRP-2.1", `proposal not allowed: ${proposal.proposalType}`);
    }
  }
  return undefined;
}

function checkPsk({ proposals, channelId, n }: CommitFacts): Rejected | undefined {
  const psks = proposals.flatMap(({ proposal }) =>
    proposal.proposalType === "psk" ? [proposal.psk.preSharedKeyId] : []
  );
  if (psks.length !== 1) return rejected("GRP-2.3", `${psks.length} PSKs where exactly one belongs`);
  const [psk] = psks;
  if (psk.psktype !== "external" || !equalBytes(psk.pskId, epochPskId(channelId, n))) {
    return rejected("GRP-2.3", "the PSK is not the epoch's");
  }
  return undefined;
}

function checkAddForms({ adds }: CommitFacts): Rejected | undefined {
  const bad = adds.find((add) => add instanceof MalformedError);
  return bad === undefined ? undefined : rejected("GRP-4.1", (bad as MalformedError).message);
}

function planOf(facts: CommitFacts): CommitPlan | Rejected {
  const adds = facts.adds as ParsedKeyPackage[];
  const removed = removedMembers(facts);
  if ("kind" in removed) return removed;
  const plan = checkRemovals(facts, removed.members) ?? checkAdds(facts, removed.members, adds) ??
    withInfo(facts, removed.members, adds);
  return "code" in plan ? plan : checkGroupData(facts, plan) ?? plan;
}

function removedMembers({ proposals, members }: CommitFacts): { members: Member[] } | Rejected {
  const found: Member[] = [];
  for (const { proposal } of proposals) {
    if (proposal.proposalType !== "remove") continue;
    const member = members.find(({ leafIndex }) => leafIndex === proposal.remove.removed);
    if (member === undefined) return rejected("GRP-3.3", "removes a leaf that is blank");
    found.push(member);
  }
  return { members: found };
}

/**
 * Whether the device itself asked for this Remove + Add. Without its request, members could throw out anybody
 * that way.
 */
function askedFor({ readds, adds }: CommitFacts, { recipientKey, credential, xwingPublicKey }: Member): boolean {
  return readds.some((request) =>
    equalBytes(request.recipientKey, recipientKey) &&
    adds.some((add) =>
      !(add instanceof MalformedError) && equalBytes(add.ref, request.keyPackageRef) &&
      equalBytes(add.recipientKey, recipientKey) &&
      equalBytes(add.credential.accountKey, credential.accountKey) &&
      // A KeyPackage that is in the tree already: the request was carried out before.
      !equalBytes(add.xwingPublicKey, xwingPublicKey)
    )
  );
}

function checkRemovals(facts: CommitFacts, removed: Member[]): Rejected | undefined {
  const { proposals, committer, revoked } = facts;
  const byReference = new Set(
    proposals.flatMap(({ proposal, byReference }) =>
      byReference && proposal.proposalType === "remove" ? [proposal.remove.removed] : []
    ),
  );
  for (const member of removed) {
    const allowed = committer.role === "admin" || byReference.has(member.leafIndex) || revoked.has(member.leafIndex) ||
      equalBytes(member.credential.accountKey, committer.credential.accountKey) || askedFor(facts, member);
    if (!allowed) {
      return rejected(
        "GRP-3.3",
        `${committer.credential.username} is no admin and may not remove a device of ${member.credential.username}`,
      );
    }
  }
  return undefined;
}

function checkAdds(
  { members, info, committer }: CommitFacts,
  removed: Member[],
  adds: ParsedKeyPackage[],
): Rejected | undefined {
  const staying = members.filter((member) => !removed.includes(member));
  const keys = new Set(staying.map(({ recipientKey }) => toHex(recipientKey)));
  const accounts = new Set(staying.map(({ credential }) => toHex(credential.accountKey)));
  const accountsBefore = new Set(members.map(({ credential }) => toHex(credential.accountKey)));
  for (const { recipientKey, credential } of adds) {
    const key = toHex(recipientKey);
    if (keys.has(key)) return rejected("GRP-4.2", `a device of ${credential.username} is a member already`);
    keys.add(key);
    const account = toHex(credential.accountKey);
    accounts.add(account);
    if (!accountsBefore.has(account) && roleOf(info, credential.accountKey) === "admin" && committer.role !== "admin") {
      return rejected("GRP-3.5", `${committer.credential.username} is no admin and may not bring in an admin`);
    }
  }
  if (info.kind === "direct" && adds.length > 0 && accounts.size > 2) {
    return rejected("GRP-4.3", "a direct channel has two accounts");
  }
  return undefined;
}

function withInfo(facts: CommitFacts, removed: Member[], adds: ParsedKeyPackage[]): CommitPlan | Rejected {
  const changes = facts.proposals.flatMap(({ proposal }) =>
    proposal.proposalType === "group_context_extensions" ? [proposal.groupContextExtensions.extensions] : []
  );
  if (changes.length === 0) return { removed, adds, infoAfter: facts.info };
  if (changes.length > 1) return rejected("GRP-2.5", "more than one GroupContextExtensions");
  const infoAfter = checkInfo(facts, changes[0], removed, adds);
  if (facts.committer.role !== "admin" && ("code" in infoAfter || !isForAll(facts, infoAfter, removed, adds))) {
    return rejected("GRP-2.5", `${facts.committer.credential.username} is no admin and may not change the group`);
  }
  return "code" in infoAfter ? infoAfter : { removed, adds, infoAfter };
}

/**
 * The account that becomes admin when a commit leaves none. Leaves fill the tree from the left, so the
 * account with the lowest leaf has been a member for longest.
 *
 * @param staying members that the commit does not remove, in leaf order
 * @param adds devices that the commit adds
 * @returns the account as hex; undefined while there is an admin, or when no account is left
 */
export function heirOf(
  info: GroupInfo,
  staying: Pick<Member, "credential">[],
  adds: Pick<Member, "credential">[],
): string | undefined {
  if ([...staying, ...adds].some(({ credential }) => roleOf(info, credential.accountKey) === "admin")) return undefined;
  return staying.length > 0 ? toHex(staying[0].credential.accountKey) : undefined;
}

/** Whether anybody may do this: the heir becomes admin, or in a chat of two its data changes. */
function isForAll(
  { info, members }: CommitFacts,
  after: GroupInfo,
  removed: Member[],
  adds: ParsedKeyPackage[],
): boolean {
  const heir = heirOf(info, members.filter((member) => !removed.includes(member)), adds);
  const rolesText = (roles: GroupInfo["roles"]) => JSON.stringify(Object.entries(roles).sort());
  const isData = info.kind === "direct" && !sameData(info.data, after.data);
  if (after.name !== info.name || (!isData && (heir === undefined || !sameData(info.data, after.data)))) return false;
  return rolesText(after.roles) === rolesText(heir === undefined ? info.roles : { ...info.roles, [heir]: "admin" });
}

function checkInfo(
  { info, members }: CommitFacts,
  extensions: Extension[],
  removed: Member[],
  adds: ParsedKeyPackage[],
): GroupInfo | Rejected {
  let after: GroupInfo;
  try {
    after = groupInfoOf(extensions);
  } catch (error) {
    if (error instanceof MalformedError) return rejected("GRP-2.6", error.message);
    throw error;
  }
  if (after.kind !== info.kind || after.createdMs !== info.createdMs || !sameAncestry(after, info)) {
    return rejected("GRP-2.6", "kind, date and ancestry of a group never change");
  }
  const accounts = [...members.filter((member) => !removed.includes(member)), ...adds].map(({ credential }) =>
    credential.accountKey
  );
  if (!accounts.some((accountKey) => roleOf(after, accountKey) === "admin")) {
    return rejected("GRP-3.4", "no admin would be left");
  }
  return after;
}

function sameAncestry({ supersedes: a }: GroupInfo, { supersedes: b }: GroupInfo): boolean {
  if (a === undefined || b === undefined) return a === b;
  return equalBytes(a.channelId, b.channelId) && a.lastEpoch === b.lastEpoch &&
    equalBytes(a.transcriptHash, b.transcriptHash) && a.reason === b.reason &&
    (["firstChannelId", "commits", "maker", "signature"] as const).every((name) =>
      equalBytes(a[name] ?? new Uint8Array(), b[name] ?? new Uint8Array())
    );
}

/**
 * GRP-2.4, GRP-3.1 and GRP-3.2 on the committer's new leaf, whose signature ts-mls checks.
 *
 * @param before the committer's leaf of epoch n − 1
 * @param usable whether its X-Wing and HPKE keys can be sealed to
 */
export function checkPathLeaf(before: LeafNode, after: LeafNode | undefined, usable: boolean): Rejected | undefined {
  if (after === undefined) return rejected("GRP-2.4", "commit without a path");
  try {
    const [old, fresh] = [deviceCredentialOf(before.credential), deviceCredentialOf(after.credential)];
    const sameIdentity = equalBytes(old.accountKey, fresh.accountKey) && equalBytes(old.deviceId, fresh.deviceId) &&
      old.username === fresh.username &&
      equalBytes(before.signaturePublicKey, after.signaturePublicKey);
    if (!sameIdentity) return rejected("GRP-3.1", "the committer's leaf changed its account or device");
    if (equalBytes(xwingKeyOf(before), xwingKeyOf(after)) || !usable) {
      return rejected("GRP-3.2", "the committer's hybrid key is not fresh and usable");
    }
  } catch (error) {
    if (error instanceof MalformedError) return rejected("GRP-3.2", error.message);
    throw error;
  }
  if (!isSmallLeaf(after)) return rejected("GRP-3.2", "the committer's leaf is too large");
  if (!equalBytes(encodeCapabilities(before.capabilities), encodeCapabilities(after.capabilities))) {
    return rejected("GRP-3.2", "the committer's capabilities changed");
  }
  return undefined;
}

/** GRP-1.2: the committer's statement is about this commit. */
export function checkCommitData(
  data: CommitData,
  { channelId, n, commitId }: { channelId: Uint8Array; n: bigint; commitId: Uint8Array },
): Rejected | undefined {
  const same = equalBytes(data.channelId, channelId) && data.n === n && equalBytes(data.commitId, commitId);
  return same ? undefined : rejected("GRP-1.2", "authenticated data is of another channel, epoch or commit");
}

/** GRP-1.3: the committer's statement equals the commit's effect. */
export async function checkCommitEffect(
  data: CommitData,
  plan: CommitPlan,
  recipientKeysAfter: Uint8Array[],
): Promise<Rejected | undefined> {
  const same = sameKeys(data.removed, plan.removed) && sameKeys(data.added, plan.adds) &&
    equalBytes(data.membersHash, await membersHash(recipientKeysAfter));
  return same ? undefined : rejected("GRP-1.3", "authenticated data does not say what the commit did");
}

function sameKeys(said: Uint8Array[], done: { recipientKey: Uint8Array }[]): boolean {
  const expected = sortedKeys(done.map(({ recipientKey }) => recipientKey));
  return said.length === expected.length && said.every((key, index) => equalBytes(key, expected[index]));
}
