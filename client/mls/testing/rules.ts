/** A group of three and forged commits, for the tests of the group rules (specification §3). */

import type { Proposal } from "ts-mls";
import { groupContextExtensions, xwingKeyExtension } from "../extensions.ts";
import type { GroupInfo, GroupState } from "../group.ts";
import { epochPskId } from "../hybrid.ts";
import { parseKeyPackage } from "../key_package.ts";
import { checkProposals, type CommitFacts } from "../rules.ts";
import { infoOf, stateMembers } from "../state.ts";
import { forgeCommit, type Forgery, psk } from "./forge.ts";
import { keyPackageOf, makeDevices, makeGroup, type TestDevice } from "./group.ts";

export const devices = await makeDevices("alice", "bob", "carol");
export const { mls, states: [alice, bob, carol], channelId } = await makeGroup(devices);

/** The code that `victim` refuses the forged commit with. */
export async function refusal(attacker: GroupState, victim: GroupState, forgery: Forgery): Promise<string> {
  const result = await mls.processCommit(victim, await forgeCommit(attacker, victim, forgery));
  return result.kind === "rejected"
    ? result.code
    : JSON.stringify(result, (_, value) => typeof value === "bigint" ? String(value) : value).slice(0, 200);
}

export function infoProposal(info: GroupInfo): Proposal {
  return {
    proposalType: "group_context_extensions",
    groupContextExtensions: { extensions: groupContextExtensions(info) },
  };
}

export async function addOf(device: TestDevice) {
  const { keyPackage } = await parseKeyPackage((await keyPackageOf(device)).keyPackage);
  return { proposal: { proposalType: "add", add: { keyPackage } } as Proposal, added: [device.keyPair.publicKey] };
}

/** Facts of a commit by bob (a member) that does nothing, to be changed. */
export function facts(change: Partial<CommitFacts>): CommitFacts {
  const members = stateMembers(alice);
  return {
    channelId,
    n: 2n,
    committer: members[1],
    members,
    info: infoOf(alice),
    adds: [],
    revoked: new Set(),
    readds: [],
    proposals: [{ proposal: psk(epochPskId(channelId, 2n)), byReference: false, senderLeafIndex: 1 }],
    ...change,
  };
}

export function codeOf(change: Partial<CommitFacts>): string | undefined {
  const result = checkProposals(facts(change));
  return "code" in result ? result.code : undefined;
}

/** A usable hybrid key that no member has. */
export const freshKey = (await parseKeyPackage((await keyPackageOf(devices[1])).keyPackage)).xwingPublicKey;

/** @returns the leaf with {@link freshKey} as its only extension */
export function withFreshKey<L extends object>(leaf: L): L {
  return { ...leaf, extensions: [xwingKeyExtension(freshKey)] };
}
