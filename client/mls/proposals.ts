/** Judges the proposals of a commit, its own or another member's, with what is known of revoked devices. */

import { checkProposals, type CommitFacts, type CommitPlan, type CommitProposal } from "./rules.ts";
import type { Member, MlsOptions, Rejected } from "./types.ts";

/**
 * The rules on a commit's proposals. Which devices are revoked is asked for only where it decides, because the
 * answer may need the server.
 *
 * @throws what `isRevoked` throws where the server could not be asked
 */
export async function judgeProposals(
  options: MlsOptions,
  facts: Omit<CommitFacts, "revoked">,
): Promise<CommitPlan | Rejected> {
  const plan = checkProposals({ ...facts, revoked: new Set() });
  if (!("code" in plan) || plan.code !== "GRP-3.3") return plan;
  return checkProposals({ ...facts, revoked: await revokedAmong(options, facts.proposals, facts.members) });
}

/** The leaf indexes, among those that the proposals remove, of revoked devices. */
async function revokedAmong(
  options: MlsOptions,
  proposals: CommitProposal[],
  members: Member[],
): Promise<Set<number>> {
  const removed = new Set(
    proposals.flatMap(({ proposal }) => proposal.proposalType === "remove" ? [proposal.remove.removed] : []),
  );
  const revoked = new Set<number>();
  for (const { leafIndex, credential, recipientKey } of members) {
    if (removed.has(leafIndex) && await options.isRevoked(credential, recipientKey)) revoked.add(leafIndex);
  }
  return revoked;
}
